package dev.embedcl.gpureport;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** One command that finds out all about a device, and writes one folder. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Describes an OpenCL device, checks EmbedCL on it, times every operation, and writes a folder"
          + " of Markdown, JSON and charts.",
      "Exit status: 0 all is right, 1 something is wrong or the report could not be made, 2 wrong"
          + " usage."
    })
final class GpuReport implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "",
      description = "opencl:P.D or part of a device's name; without it the first GPU.")
  private String deviceName = "";

  @Option(
      names = "--out",
      paramLabel = "DIR",
      defaultValue = "gpu-report",
      description = "Where to write; default: ${DEFAULT-VALUE}.")
  private Path out = Path.of("gpu-report");

  @Option(
      names = "--peer",
      paramLabel = "FILE",
      description = "What bench/peers/torch_gpu.py wrote, for one table of both.")
  private List<Path> peers = new ArrayList<>();

  @Option(
      names = "--limit",
      paramLabel = "SECONDS",
      defaultValue = "400",
      description = "Measurements that would begin later are skipped; default: ${DEFAULT-VALUE}.")
  private long limitSeconds = 400;

  @Option(names = "--quick", description = "The smallest shape only: shows that all works.")
  private boolean quick;

  @Option(names = "--skip-conformance", description = "Leave the conformance tests out.")
  private boolean skipConformance;

  /** Runs the command and ends the virtual machine with its exit status. */
  public static void main(String[] args) {
    CommandLine commandLine = new CommandLine(new GpuReport());
    commandLine.setExecutionExceptionHandler((exception, command, parsed) -> {
      exception.printStackTrace(command.getErr()); // a first run on a new device needs it all
      command.getErr().flush();
      return CommandLine.ExitCode.SOFTWARE;
    });
    System.exit(commandLine.execute(args));
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Deadline deadline = Deadline.in(limitSeconds);
    ReportFolder report = new ReportFolder(out);
    boolean right = true;
    try (OpenDevice device = OpenDevice.open(deviceName)) {
      String date = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
      String command = String.join(" ", spec.commandLine().getParseResult().originalArgs());
      report.put("date", date);
      report.put("arguments", command);
      report.text(date + ", `run report " + command + "`");
      DevicePage.describe(device, report);
      DevicePage.tryFloatAtomics(device, report);
      if (!skipConformance) {
        right = Conformance.run(device, Math.max(60, limitSeconds / 3), report);
      }
      Bandwidth bandwidth = Bandwidth.measure(device, quick, report);
      LaunchCost.measure(device, report);
      OperationTimes operations = new OperationTimes(device, bandwidth, deadline, quick);
      right &= operations.run(report);
      PeerTable.write(peers, operations, report);
      right &= CompiledKernels.describe(device, report);
    }
    report.text(right ? "All checks passed." : "Some checks failed.");
    report.put("allRight", right);
    report.flush();
    System.out.println("written to " + out.toAbsolutePath().resolve("README.md"));
    return right ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }
}
