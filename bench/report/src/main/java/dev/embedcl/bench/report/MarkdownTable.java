package dev.embedcl.bench.report;

import dev.embedcl.bench.report.Comparison.Case;
import dev.embedcl.bench.report.Comparison.Copy;
import dev.embedcl.bench.report.Comparison.Way;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The tables of a report. */
final class MarkdownTable {
  private static final String NONE = "–";

  private final Comparison comparison;
  private final StringBuilder text = new StringBuilder();

  private MarkdownTable(Comparison comparison) {
    this.comparison = comparison;
  }

  /** Returns ours beside the best peer, a line for each row, kind of ids and number of threads. */
  static String summary(Comparison comparison) {
    MarkdownTable table = new MarkdownTable(comparison);
    table.copies();
    table.line(
        "\n| row | shape | ids | threads | ours µs | GB/s | of 24 MiB | of slices | of 1 GiB"
            + " | heap bytes | best peer | its µs | ours is faster | OpenCL µs |");
    table.line("|---|---|---|---:|---:|---:|---:|---:|---:|---:|---|---:|---:|---:|");
    comparison.cases().forEach(table::summary);
    table.sideBySide();
    table.variants();
    return table.text.toString();
  }

  /** Returns every way that was measured. */
  static String all(Comparison comparison) {
    MarkdownTable table = new MarkdownTable(comparison);
    table.line(
        "| row | ids | threads | who | way | rounds | µs | MB | GB/s | of 24 MiB | of slices"
            + " | of 1 GiB | heap bytes | ours is faster |");
    table.line("|---|---|---:|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
    for (Case in : comparison.cases()) {
      comparison.ways(in).forEach(table::way);
    }
    return table.text.toString();
  }

  private void copies() {
    line("| copy of memory | 1 thread, GB/s | 2 threads, GB/s |");
    line("|---|---:|---:|");
    for (Copy copy : Copy.values()) {
      line(
          "| %s | %s | %s |",
          copy.title,
          number(comparison.gigabytesPerSecond(copy, 1)),
          number(comparison.gigabytesPerSecond(copy, 2)));
    }
  }

  private void summary(Case in) {
    Optional<Way> ours = comparison.ours(in);
    Optional<Way> peer = comparison.bestPeer(in);
    line(
        "| %s | %s | %s | %d | %s | %s | %s | %s | %s | %s |",
        in.title(),
        in.row().shape.replace('x', '×'),
        in.ids(),
        in.threads(),
        ours.map(way -> number(way.micros())).orElse(NONE),
        ours.map(this::speed).orElse(NONE + " | – | – | –"),
        ours.map(way -> number(way.heapBytes())).orElse(NONE),
        peer.map(way -> "%s `%s`".formatted(way.subject().id(), way.name())).orElse(NONE),
        peer.map(way -> number(way.micros())).orElse(NONE),
        ours.flatMap(a -> peer.map(b -> times(a, b))).orElse(NONE)
            + " | "
            + comparison.openCl(in).map(way -> number(way.micros())).orElse(NONE));
  }

  /** How many times as long as ours each peer takes by its fastest way, and OpenCL. */
  private void sideBySide() {
    List<String> peers =
        Stream.of(Subject.values())
            .filter(Subject::isPeer)
            .map(Subject::product)
            .distinct()
            .filter(peer ->
                comparison.cases().stream()
                    .anyMatch(in -> comparison.bestPeer(in, peer).isPresent()))
            .toList();
    line("\n| times as long as ours | ids | threads | %s | OpenCL |", String.join(" | ", peers));
    line("|---|---|---:|%s---:|", "---:|".repeat(peers.size()));
    for (Case in : comparison.cases()) {
      comparison
          .ours(in)
          .ifPresent(ours -> {
            Stream<Optional<Way>> others =
                Stream.concat(
                    peers.stream().map(peer -> comparison.bestPeer(in, peer)),
                    Stream.of(comparison.openCl(in)));
            line(
                "| %s | %s | %d | %s |",
                in.title(),
                in.ids(),
                in.threads(),
                others
                    .map(other -> other.map(way -> times(ours, way)).orElse(NONE))
                    .collect(Collectors.joining(" | ")));
          });
    }
  }

  /** Each variant beside the first of its row. */
  private void variants() {
    List<Way> ways =
        comparison.cases().stream()
            .flatMap(in -> comparison.ways(in).stream())
            .filter(way -> comparison.firstVariant(way).isPresent())
            .toList();
    if (!ways.isEmpty()) {
      line("\n| variant | ids | threads | who | way | µs | beside | its µs | times as long |");
      line("|---|---|---:|---|---|---:|---|---:|---:|");
      ways.forEach(way -> variant(way, comparison.firstVariant(way).orElseThrow()));
    }
  }

  private void variant(Way way, Way first) {
    line(
        "| %s | %s | %d | %s | %s | %s | %s | %s | %s |",
        way.in().title(),
        way.in().ids(),
        way.in().threads(),
        way.subject().id(),
        way.name(),
        number(way.micros()),
        first.in().variant(),
        number(first.micros()),
        times(first, way));
  }

  private void way(Way way) {
    line(
        "| %s | %s | %d | %s | %s | %d | %s | %s | %s | %s | %s |",
        way.in().title(),
        way.in().ids(),
        way.in().threads(),
        way.subject().id(),
        way.name(),
        way.rounds().size(),
        number(way.micros()),
        number(way.megabytes()),
        speed(way),
        number(way.heapBytes()),
        comparison.ours(way.in()).map(ours -> times(ours, way)).orElse(NONE));
  }

  private String speed(Way way) {
    return "%s | %s | %s | %s"
        .formatted(
            number(way.gigabytesPerSecond()),
            share(way, Copy.MIB_24),
            share(way, Copy.SLICES),
            share(way, Copy.GIB_1));
  }

  private String share(Way way, Copy copy) {
    double share = comparison.share(way, copy);
    return Double.isNaN(share) ? NONE : String.format(Locale.ROOT, "%.0f %%", 100 * share);
  }

  private static String times(Way ours, Way other) {
    double times = Comparison.timesAsFast(ours, other);
    return Double.isNaN(times) ? NONE : String.format(Locale.ROOT, "%.2f×", times);
  }

  /** Three digits at least, none after the point that noise would make up. */
  private static String number(double value) {
    if (Double.isNaN(value)) {
      return NONE;
    }
    return String.format(Locale.ROOT, value < 10 ? "%.2f" : value < 100 ? "%.1f" : "%.0f", value);
  }

  private void line(String format, Object... arguments) {
    text.append(arguments.length == 0 ? format : format.formatted(arguments)).append('\n');
  }
}
