package dev.embedcl.gpureport;

import dev.embedcl.memory.DType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** The tables and charts of what was found out about the operations. */
final class OperationPages {
  private OperationPages() {}

  static void write(Findings findings, ReportFolder report) throws IOException {
    report.section("Operations");
    report.text(
        findings.right()
            ? "Every result below was compared before it was timed; all are right."
            : "SOME RESULTS ARE WRONG, and were not timed:");
    if (!findings.right()) {
      report.verbatim(String.join("\n", findings.wrong()));
    }
    report.text(
        "Times in microseconds. kernels: event times, added up. GB/s and the share of the copy come"
            + " from them and from the bytes that cannot be avoided: ids, rows of the batch, results"
            + " and gradients once each, and of what is updated the rows that the ids name, read and"
            + " written. Where the caches help, the share can pass 100 %. Where all is cleared, by"
            + " the driver's fill, they come from the wall time. span: first kernel's begin to last"
            + " one's end. wall: enqueued back to back, row groups sent to the device included."
            + " call: one at a time, until it is done. groups: what the host takes to group the ids,"
            + " beside all this, as it does while the forward pass runs. The queue takes event times"
            + " throughout.");
    report.table(
        List.of(
            "shape",
            "storage",
            "ids",
            "operation",
            "MB",
            "kernels",
            "GB/s",
            "of copy",
            "span",
            "wall",
            "call",
            "groups"),
        findings.results().stream().map(OperationPages::row).toList());
    charts(findings, report);
    report.text("By kernel, microseconds:");
    report.table(
        List.of("shape", "storage", "ids", "operation", "kernel", "time"), kernelRows(findings));
    report.section("Bits compared with pure Java");
    report.text(
        "Each operation on the tables that are timed, all rows of them: those that the first batch"
            + " names against pure Java, the others against their start values. Updates follow each"
            + " other on the same table. Only the atomic sums may differ: in a row of n"
            + " contributions by n (n - 1) 2^-24.");
    report.table(List.of("shape", "storage", "ids", "operation", "result"), findings.checks());
    if (!findings.skipped().isEmpty()) {
      report.section("Not measured");
      report.verbatim(String.join("\n", findings.skipped()));
    }
  }

  private static List<String> row(Result result) {
    Timing timing = result.timing();
    return List.of(
        result.problem().shape().name(),
        result.problem().storageName(),
        result.ids().title(),
        result.work().title(),
        format("%.2f", result.bytes() / 1e6),
        format("%.1f", timing.kernels()),
        format("%.0f", result.gigabytesPerSecond()),
        result.problem().shape().equals(BatchShape.TINY)
            ? "" // the caches have it all
            : format("%.0f %%", 100 * result.shareOfCopy()),
        format("%.1f", timing.span()),
        format("%.1f", timing.wall()),
        format("%.1f", timing.call()),
        result.groupingMicros() > 0 ? format("%.1f", result.groupingMicros()) : "");
  }

  private static List<List<String>> kernelRows(Findings findings) {
    List<List<String>> rows = new ArrayList<>();
    for (Result result : findings.results()) {
      result
          .timing()
          .each()
          .forEach((kernel, micros) ->
              rows.add(
                  List.of(
                      result.problem().shape().name(),
                      result.problem().storageName(),
                      result.ids().title(),
                      result.work().title(),
                      kernel,
                      format("%.1f", micros))));
    }
    return rows;
  }

  /** One for each shape that is large enough for a share to mean something. */
  private static void charts(Findings findings, ReportFolder report) throws IOException {
    int number = 0;
    for (BatchShape shape : BatchShape.all()) {
      List<BarChart.Bar> bars =
          findings.results().stream()
              .filter(each -> each.problem().shape().equals(shape))
              .sorted(
                  Comparator.<Result, DType>comparing(each -> each.problem().storage())
                      .thenComparing(Result::work)
                      .thenComparing(Result::ids))
              .map(OperationPages::bar)
              .toList();
      if (!shape.equals(BatchShape.TINY) && !bars.isEmpty()) {
        number++;
        report.chart(
            "operations-" + number + ".svg",
            new BarChart(shape.name() + ": share of the copy bandwidth", "%", 100, "copy", bars));
      }
    }
  }

  private static BarChart.Bar bar(Result result) {
    String storage = result.problem().isNarrow() ? ", " + result.problem().storageName() : "";
    return new BarChart.Bar(
        result.work().title() + storage + ", " + result.ids().title(),
        100 * result.shareOfCopy(),
        result.ids() == IdDistribution.ZIPF);
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
