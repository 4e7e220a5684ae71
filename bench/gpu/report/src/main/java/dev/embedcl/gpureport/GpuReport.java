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
      defaultValue = "300",
      description =
          "How long all may take, about; what does not fit is left out; default: ${DEFAULT-VALUE}.")
  private long limitSeconds = 300;

  @Option(names = "--quick", description = "The smallest shapes only: shows that all works.")
  private boolean quick;

  @Option(
      names = "--only",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Sizes whose name contains it, such as B64 or bags.")
  private String only = "";

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
    Deadline end = Deadline.in(limitSeconds);
    // The conformance tests come last and get the rest, which they may use up.
    Deadline deadline = Deadline.in(skipConformance ? limitSeconds : limitSeconds * 2 / 3);
    ReportFolder report = new ReportFolder(out);
    boolean right;
    boolean complete = false;
    try (OpenDevice device = OpenDevice.open(deviceName)) {
      String date = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
      String command = String.join(" ", spec.commandLine().getParseResult().originalArgs());
      report.put("date", date);
      report.put("arguments", command);
      report.text(date + ", `run report " + command + "`");
      DevicePage.describe(device, report);
      DevicePage.tryFloatAtomics(device, report);
      Bandwidth bandwidth = Bandwidth.measure(device, quick, report);
      Uploads.measure(device, report);
      Findings findings = new Findings(LaunchCost.measure(device, report));
      new OperationTimes(device, bandwidth, deadline, quick, findings)
          .run(Problem.all(quick, only), report);
      right = findings.right();
      List<Peer> others = Peer.read(peers);
      Targets.write(findings, others, report);
      OperationPages.write(findings, report);
      PeerTable.write(others, findings, report);
      right &= CompiledKernels.describe(device, report);
      if (!skipConformance) {
        long seconds = Math.max(30, end.remainingNanos() / 1_000_000_000L);
        Conformance.Outcome outcome = Conformance.run(device, seconds, report);
        right &= outcome != Conformance.Outcome.FAILED;
        complete = outcome == Conformance.Outcome.PASSED;
      }
    }
    report.text(
        !right
            ? "Some checks failed."
            : complete
                ? "All checks passed."
                : "All checks that were made passed; not all conformance tests were.");
    report.put("allRight", right);
    report.flush();
    System.out.println("written to " + out.toAbsolutePath().resolve("README.md"));
    return right ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }
}
