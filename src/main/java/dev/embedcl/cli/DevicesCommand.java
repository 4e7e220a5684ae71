package dev.embedcl.cli;

import dev.embedcl.backend.Backends.DeviceReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code embedcl devices}: what can be computed on, and why the rest cannot. */
@Command(
    name = "devices",
    description = {
      "List the devices, in the order in which 'auto' tries them, and the reason for each that"
          + " cannot be used.",
      "Every device is opened and has to pass a self-test to count as usable."
    },
    optionListHeading = "%nOptions:%n")
final class DevicesCommand implements Callable<Integer> {

  @Option(
      names = "--json",
      order = 1,
      description = "Print one JSON object, with every property of every device.")
  private boolean json = false;

  @Spec private @Nullable CommandSpec spec;

  private final Supplier<List<DeviceReport>> survey;

  /** Reports what {@code survey} finds; tests have machines of their own. */
  DevicesCommand(Supplier<List<DeviceReport>> survey) {
    this.survey = survey;
  }

  @Override
  public Integer call() throws IOException {
    PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
    List<DeviceReport> reports = survey.get();
    if (json) {
      DeviceListing.writeJson(reports, out);
    } else {
      DeviceListing.writeTable(reports, out);
    }
    return ExitCode.OK;
  }
}
