package dev.embedcl.gpureport;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The project's targets on a large GPU, each computed from what was measured in this run. */
final class Targets {
  private static final double LAUNCH_MICROS = 15;
  private static final double SHARE_OF_COPY = 0.9;
  private static final String SHARE = "forward, share of the copy";
  private static final String ATOMIC = "atomic sums against deterministic ones";
  private static final String NOT_MEASURED = "not measured";

  private Targets() {}

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
      Map<String, String> entry = new LinkedHashMap<>();
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
    for (Result each : measured(findings, Sizes.LARGE_BATCHES, Work.FORWARD, rows, SHARE)) {
      rows.add(
          List.of(
              SHARE,
              each.problem().shape().name(),
              each.ids().title(),
              micros(each.deviceMicros()),
              "",
              format("%.0f %%", 100 * each.shareOfCopy()),
              format("%.0f %%", 100 * SHARE_OF_COPY),
              verdict(each.shareOfCopy() >= SHARE_OF_COPY)));
    }
    for (Peer peer : peers) {
      Race.ALL.forEach(race -> race(race, findings, peer, rows));
    }
    for (Result each : measured(findings, Sizes.ALL, Work.BACKWARD, rows, ATOMIC)) {
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
    for (Result ours : measured(findings, race.sizes(), race.ours(), rows, race.title())) {
      rows.add(
          race.theirs(peer, ours)
              .map(theirs -> raced(race, ours, theirs))
              .orElseGet(() -> unraced(race, ours)));
    }
  }

  private static List<String> raced(Race race, Result ours, Peer.Measured theirs) {
    double micros = ours.timing().wall();
    double ratio = theirs.micros() / micros;
    double grouped = theirs.micros() / (micros + ours.groupingMicros());
    return List.of(
        race.title(),
        ours.problem().shape().name(),
        ours.ids().title(),
        micros(micros),
        micros(theirs.micros()) + ", " + theirs.variant(),
        format("%.2f x", ratio) + (ours.groupingMicros() > 0 ? format(" (%.2f)", grouped) : ""),
        race.factor() == 0 ? "" : format("%.1f x", race.factor()),
        race.factor() == 0 ? "told" : verdict(ratio >= race.factor()));
  }

  private static List<String> unraced(Race race, Result ours) {
    return List.of(
        race.title(),
        ours.problem().shape().name(),
        ours.ids().title(),
        micros(ours.timing().wall()),
        "",
        "",
        race.factor() == 0 ? "" : format("%.1f x", race.factor()),
        NOT_MEASURED);
  }

  private static List<String> atomic(Result deterministic, Result atomic) {
    double ratio = deterministic.timing().wall() / atomic.timing().wall();
    return List.of(
        ATOMIC,
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
