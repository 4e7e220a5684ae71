package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.cli.EmbedOptions.AtLeastOne;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
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
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code embedcl bench}: how fast a device is, beside a plain copy of its memory. */
@Command(
    name = "bench",
    description = {
      "Measure a device: a plain copy of memory, then forward, backward and step, with their speed"
          + " as a share of the copy's.",
      "Takes less than a minute. Bytes are those that cannot be avoided, each once; times are"
          + " medians, from ids on the host to the finished result. Close other programs first."
    },
    optionListHeading = "%nOptions:%n",
    footer = {"", "Example:", "  embedcl bench --device cpu --plot cpu.svg"})
final class BenchCommand implements Callable<Integer> {
  private static final double DEFAULT_SECONDS = 4;

  @Mixin private final MeasureOptions options = new MeasureOptions();

  @Option(
      names = "--seconds",
      order = 6,
      paramLabel = "S",
      description = "Time for each row; default 4.")
  private double seconds = DEFAULT_SECONDS;

  @Option(
      names = "--copy-mib",
      order = 7,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "1024",
      description = {
        "MiB that the copy reads; default ${DEFAULT-VALUE}, far more than any cache holds, and less"
            + " where the device's memory is small."
      })
  private int copyMib = 1024;

  @Option(
      names = "--plot",
      order = 8,
      paramLabel = "FILE",
      description = "Draw a chart: *.svg or *.png.")
  private @Nullable Path plot = null;

  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    options.check(commandLine(), seconds);
    if (plot != null) {
      if (!BenchChart.isSupported(plot)) {
        throw wrongUsage("--plot " + plot + ": charts are .svg or .png files; name one");
      }
      OutputFile.requireWritable("--plot", plot);
    }
    PrintWriter out = commandLine().getOut();
    BenchRequest request =
        new BenchRequest(
            Optional.ofNullable(options.device),
            options.vocabulary,
            options.dim,
            options.batchSize,
            options.length,
            seconds,
            (long) copyMib << 20);
    try (Backend backend = request.device().map(Backends::open).orElseGet(Backends::open)) {
      List<BenchRow> rows = BenchRun.measure(backend, request);
      print(out, backend, request, rows);
      if (plot != null) {
        BenchChart.write(plot, backend.device().name() + ", " + shape(request), rows);
        out.println();
        out.println("chart       " + plot);
      }
    }
    return ExitCode.OK;
  }

  private CommandLine commandLine() {
    return Objects.requireNonNull(spec).commandLine();
  }

  private ParameterException wrongUsage(String message) {
    return new ParameterException(commandLine(), message);
  }

  private static void print(
      PrintWriter out, Backend backend, BenchRequest request, List<BenchRow> rows) {
    out.println("device      " + backend.device().summary());
    out.println("shape       " + shape(request));
    out.println();
    out.println(row("%-34s %12s %10s %10s", "", "time", "GB/s", "of copy"));
    for (BenchRow each : rows) {
      out.println(
          row(
              "%-34s %9.1f µs %10.2f %8.0f %%",
              each.name(),
              each.nanos() / 1e3,
              each.gigabytesPerSecond(),
              100 * each.shareOf(rows.getFirst())));
    }
  }

  private static String shape(BenchRequest request) {
    return row(
        "%,d x %,d ids, table [%,d, %,d] float32",
        request.batchSize(), request.seqLen(), request.numEmbeddings(), request.embeddingDim());
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency of its own
  private static String row(String template, Object... values) {
    return String.format(Locale.ROOT, template, values);
  }
}
