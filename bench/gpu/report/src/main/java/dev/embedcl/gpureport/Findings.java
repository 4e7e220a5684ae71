package dev.embedcl.gpureport;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What was found out about the operations, for the pages and the record. */
final class Findings {
  private final List<Result> results = new ArrayList<>();
  private final List<List<String>> checks = new ArrayList<>();
  private final List<String> wrong = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();
  private final List<Map<String, Object>> records = new ArrayList<>();
  private final List<Map<String, Object>> fingerprints = new ArrayList<>();
  private final Map<String, Double> launchMicros;

  /**
   * Begins with what a small batch costs.
   *
   * @param launchMicros by what was done
   */
  Findings(Map<String, Double> launchMicros) {
    this.launchMicros = launchMicros;
  }

  /** Lets the record of the report grow with what is found. */
  void announce(ReportFolder report) {
    report.put("operations", records);
    report.put("fingerprints", fingerprints);
    report.put("skipped", skipped);
    report.put("wrong", wrong);
  }

  void skip(String what, String reason) {
    skipped.add(what + ": " + reason);
  }

  void fail(String what, String reason) {
    wrong.add(what + ": " + reason);
  }

  /** Takes down a comparison; the difference is empty where there is none. */
  void checked(Problem problem, IdDistribution ids, Work work, String difference) {
    String right = work.hasNoOrder() ? "within the bound" : "same bits";
    if (!difference.isEmpty()) {
      fail(problem.title(ids) + ", " + work.title(), difference);
    }
    checks.add(
        List.of(
            problem.shape().name(),
            problem.storageName(),
            ids.title(),
            work.title(),
            difference.isEmpty() ? right : "WRONG: " + difference));
  }

  void timed(Result result) {
    results.add(result);
    records.add(result.record());
  }

  /** Takes down what others compare their results with; the sum is that of the forward's bits. */
  void fingerprint(
      Problem problem, IdDistribution ids, @Nullable Long sum, Map<String, List<Double>> samples) {
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("shape", problem.shape().name());
    entry.put("storage", problem.storageName());
    entry.put("ids", ids.title());
    entry.put("forwardSum", sum);
    entry.put("samples", samples);
    fingerprints.add(entry);
  }

  /** Returns whether nothing is wrong. */
  boolean right() {
    return wrong.isEmpty();
  }

  /** Returns what was measured, in the order of {@link Result#ORDER}. */
  List<Result> results() {
    return results.stream().sorted(Result.ORDER).toList();
  }

  Optional<Result> result(Problem problem, IdDistribution ids, Work work) {
    return results.stream()
        .filter(each -> each.problem().equals(problem) && each.ids() == ids && each.work() == work)
        .findFirst();
  }

  /** Returns what a small batch costs, by what was done. */
  Map<String, Double> launchMicros() {
    return launchMicros;
  }

  List<Map<String, Object>> fingerprints() {
    return fingerprints;
  }

  List<List<String>> checks() {
    return checks;
  }

  List<String> wrong() {
    return wrong;
  }

  List<String> skipped() {
    return skipped;
  }
}
