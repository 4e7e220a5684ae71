package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.TunedProfiles;
import dev.embedcl.io.TextFile;
import dev.embedcl.opencl.Device;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code embedcl tune}: finds out how work is best cut for an OpenCL device, and keeps it. */
@Command(
    name = "tune",
    description = {
      "Measure how work is best cut for an OpenCL device, and keep it for later runs.",
      "Tries up to 40 launch profiles on forward, backward and step, each only after its results had"
          + " the same bits as in pure Java. The best one is kept in the user's cache, for this"
          + " device, driver and version; results do not depend on it. Close other programs first."
    },
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "-Dembedcl.profiles=DIRECTORY (or EMBEDCL_PROFILES) keeps profiles elsewhere, 'off' uses none.",
      "",
      "Example:",
      "  embedcl tune --device opencl --seconds 60"
    })
final class TuneCommand implements Callable<Integer> {
  private static final double DEFAULT_SECONDS = 120;

  @Mixin private final MeasureOptions options = new MeasureOptions();

  @Option(
      names = "--seconds",
      order = 6,
      paramLabel = "S",
      description = "Time for all of it, about; default 120.")
  private double seconds = DEFAULT_SECONDS;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    options.check(commandLine(), seconds);
    TuneRequest request =
        new TuneRequest(
            Optional.ofNullable(options.device),
            options.vocabulary,
            options.dim,
            options.batchSize,
            options.length,
            seconds);
    PrintWriter out = commandLine().getOut();
    TuneTable table = new TuneTable(out);
    Device target = target(request, out, table);
    TuneRun.Result result = TuneRun.search(target, request, table::add);
    out.println();
    report(out, target, result);
    return ExitCode.OK;
  }

  /** Opens the device that is asked for as every command does, and says which it is. */
  private static Device target(TuneRequest request, PrintWriter out, TuneTable table) {
    try (Backend backend = request.device().map(Backends::open).orElseGet(Backends::open)) {
      if (!(backend instanceof OpenClBackend openCl)) {
        throw new CommandFailure(
            "device "
                + backend.device().summary()
                + " has no launch profile: name an OpenCL device with --device; 'embedcl devices'"
                + " lists them");
      }
      out.println("device      " + backend.device().summary());
      out.println(
          TuneTable.format(
              "shape       %,d x %,d ids, table [%,d, %,d] float32",
              request.batchSize(),
              request.seqLen(),
              request.numEmbeddings(),
              request.embeddingDim()));
      out.println("profile     " + openCl.profile().name());
      out.println();
      table.begin(openCl.profile());
      return openCl.queue().context().device();
    }
  }

  private static void report(PrintWriter out, Device device, TuneRun.Result result)
      throws IOException {
    if (!result.isBetter()) {
      out.println(
          "kept        the profile in use, "
              + result.start().name()
              + ": none of "
              + result.trials()
              + " others is faster by 2 %");
      return;
    }
    TuneTrial last = result.last().orElseThrow();
    String gain =
        TuneTable.format(
            "%.1f %% of the time of profile %s",
            100 * last.tried().shareOf(last.best()), result.start().name());
    out.println("best        " + TuneKnob.difference(result.start(), result.best()) + ": " + gain);
    Optional<Path> file = TunedProfiles.file(device);
    if (file.isEmpty()) {
      out.println("not kept    " + TunedProfiles.PROPERTY + " is off, or there is no cache");
      return;
    }
    Path directory = file.get().toAbsolutePath().getParent();
    Files.createDirectories(Objects.requireNonNull(directory));
    TextFile.write(
        file.get(), TunedProfiles.text(device, result.best(), "Measured by embedcl tune: " + gain));
    out.println("kept in     " + file.get());
  }

  private CommandLine commandLine() {
    return Objects.requireNonNull(spec).commandLine();
  }
}
