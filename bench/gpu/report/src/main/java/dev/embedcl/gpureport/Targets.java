package dev.embedcl.gpureport;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The project's targets on a large GPU, each computed from what was measured in this run. */
final class Targets {
  private static final double LAUNCH_MICROS = 15;
  private static final double SHARE_OF_COPY = 0.9;
  private static final int LARGE_BATCH = 32;
  private static final String NOT_MEASURED = "not measured";

  private Targets() {}

  /** Which sizes a target is about. */
  private enum Sizes {
    LARGE_BATCHES,
    GPT2,
    WIDE,
    ALL;

    boolean have(BatchShape shape) {
      return switch (this) {
        case LARGE_BATCHES -> GPT2.have(shape) && shape.batchSize() >= LARGE_BATCH;
        case GPT2 -> shape.positional() && !shape.equals(BatchShape.TINY);
        case WIDE -> shape.equals(BatchShape.WIDE);
        case ALL -> GPT2.have(shape) || WIDE.have(shape);
      };
    }
  }

  /**
   * So many times as fast as a peer's way.
   *
   * @param factor 0 where the ratio is only to be told
   */
  private record Race(
      String title, Sizes sizes, Work ours, String operation, String variant, double factor) {}

  private static final List<Race> RACES =
      List.of(
          new Race("forward", Sizes.LARGE_BATCHES, Work.FORWARD, "forward", "eager", 2.3),
          new Race("forward", Sizes.LARGE_BATCHES, Work.FORWARD, "forward", "torch.compile", 1.0),
          new Race(
              "deterministic backward, dense dW",
              Sizes.GPT2,
              Work.CLEARED_BACKWARD,
              "backward, dense",
              "eager",
              2),
          new Race(
              "fused SGD against the backward pass alone",
              Sizes.WIDE,
              Work.SGD,
              "backward, dense",
              "eager",
              5),
          new Race(
              "Adam on touched rows",
              Sizes.ALL,
              Work.SPARSE_ADAM,
              "sparse adam",
              "sparse gradient + SparseAdam",
              4),
          new Race(
              "Adam on touched rows against Adam on all rows, which is another optimizer",
              Sizes.ALL,
              Work.SPARSE_ADAM,
              "adam, dense",
              "dense gradient + fused Adam",
              0),
          new Race(
              "Adam on all rows, the same optimizer",
              Sizes.ALL,
              Work.ADAM_DENSE,
              "adam, dense",
              "dense gradient + fused Adam",
              0));

  static void write(Findings findings, List<Peer> peers, ReportFolder report) throws IOException {
    report.section("Targets");
    List<List<String>> rows = rows(findings, peers);
    report.text(
        "For an H200; float32. Times in microseconds: of kernels for a share of the copy, else of"
            + " calls enqueued back to back. The ratio in brackets counts the grouping of the ids on"
            + " the host too, as if nothing ran beside it."
            + (peers.isEmpty() ? " Without --peer there is nobody to race." : ""));
    List<String> header =
        List.of("target", "shape", "ids", "ours", "theirs", "result", "wanted", "verdict");
    report.table(header, rows);
    List<Map<String, String>> json = new ArrayList<>();
    for (List<String> row : rows) {
      Map<String, String> entry = new java.util.LinkedHashMap<>();
      for (int i = 0; i < row.size(); i++) {
        entry.put(header.get(i), row.get(i));
      }
      json.add(entry);
    }
    report.put("targets", json);
  }

  static List<List<String>> rows(Findings findings, List<Peer> peers) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(launch(findings.launchMicros()));
    for (Result each : measured(findings, Sizes.LARGE_BATCHES, Work.FORWARD, rows, "forward")) {
      rows.add(
          List.of(
              "forward, share of the copy",
              each.problem().shape().name(),
              each.ids().title(),
              micros(each.deviceMicros()),
              "",
              format("%.0f %%", 100 * each.shareOfCopy()),
              format("%.0f %%", 100 * SHARE_OF_COPY),
              verdict(each.shareOfCopy() >= SHARE_OF_COPY)));
    }
    for (Peer peer : peers) {
      RACES.forEach(race -> race(race, findings, peer, rows));
    }
    for (Result each : measured(findings, Sizes.ALL, Work.BACKWARD, rows, "atomic sums")) {
      findings
          .result(each.problem(), each.ids(), Work.BACKWARD_ATOMIC)
          .ifPresent(atomic -> rows.add(atomic(each, atomic)));
    }
    return rows;
  }

  private static List<String> launch(Map<String, Double> launchMicros) {
    Double micros = launchMicros.get(LaunchCost.FORWARD);
    return List.of(
        "a small forward pass, call to result",
        BatchShape.TINY.name(),
        IdDistribution.UNIFORM.title(),
        micros == null ? "" : micros(micros),
        "",
        micros == null ? "" : micros(micros) + " µs",
        format("%.0f µs", LAUNCH_MICROS),
        micros == null ? NOT_MEASURED : verdict(micros <= LAUNCH_MICROS));
  }

  /** Returns the results that a target is about; adds a row if there are none. */
  private static List<Result> measured(
      Findings findings, Sizes sizes, Work work, List<List<String>> rows, String title) {
    List<Result> results =
        findings.results().stream()
            .filter(each ->
                each.work() == work
                    && !each.problem().isNarrow()
                    && sizes.have(each.problem().shape()))
            .toList();
    if (results.isEmpty()) {
      rows.add(List.of(title, "", "", "", "", "", "", NOT_MEASURED));
    }
    return results;
  }

  private static void race(Race race, Findings findings, Peer peer, List<List<String>> rows) {
    String title = race.title() + "; " + race.variant();
    for (Result ours : measured(findings, race.sizes(), race.ours(), rows, title)) {
      Optional<Peer.Measured> theirs = peer.find(ours, race.operation(), race.variant());
      double micros = ours.timing().wall();
      double ratio = theirs.map(Peer.Measured::micros).orElse(Double.NaN) / micros;
      double grouped = ratio * micros / (micros + ours.groupingMicros());
      String brackets = ours.groupingMicros() > 0 ? format(" (%.2f)", grouped) : "";
      rows.add(
          List.of(
              title,
              ours.problem().shape().name(),
              ours.ids().title(),
              micros(micros),
              theirs.map(their -> micros(their.micros())).orElse(""),
              theirs.isEmpty() ? "" : format("%.2f x", ratio) + brackets,
              race.factor() == 0 ? "" : format("%.1f x", race.factor()),
              theirs.isEmpty()
                  ? NOT_MEASURED
                  : race.factor() == 0 ? "told" : verdict(ratio >= race.factor())));
    }
  }

  private static List<String> atomic(Result deterministic, Result atomic) {
    double ratio = deterministic.timing().wall() / atomic.timing().wall();
    return List.of(
        "atomic sums against deterministic ones",
        deterministic.problem().shape().name(),
        deterministic.ids().title(),
        micros(atomic.timing().wall()),
        micros(deterministic.timing().wall()),
        format("%.2f x", ratio),
        "",
        ratio > 1 ? "atomic is faster" : "deterministic is faster");
  }

  private static String verdict(boolean met) {
    return met ? "met" : "MISSED";
  }

  private static String micros(double micros) {
    return format("%.1f", micros);
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
