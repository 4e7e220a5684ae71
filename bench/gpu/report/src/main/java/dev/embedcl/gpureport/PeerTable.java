package dev.embedcl.gpureport;

import static java.util.Map.entry;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Our times beside those of peers that ran on the same card, and their results beside ours. */
final class PeerTable {
  /** What of ours does what a peer's operation does. */
  private static final Map<String, List<Work>> OURS =
      Map.ofEntries(
          entry("forward", List.of(Work.FORWARD)),
          entry(
              "backward, dense",
              List.of(Work.CLEARED_BACKWARD, Work.BACKWARD, Work.BACKWARD_ATOMIC)),
          entry("backward, sparse", List.of(Work.SPARSE_GRADIENT)),
          entry("sgd", List.of(Work.SGD)),
          entry("momentum", List.of(Work.MOMENTUM)),
          entry("adagrad", List.of(Work.ADAGRAD)),
          entry("row-wise adagrad", List.of(Work.ROWWISE_ADAGRAD)),
          entry("sparse adam", List.of(Work.SPARSE_ADAM)),
          entry("adam, dense", List.of(Work.ADAM_DENSE, Work.SPARSE_ADAM)),
          entry("bag forward, sum", List.of(Work.BAG_SUM)),
          entry("bag forward, mean", List.of(Work.BAG_MEAN)),
          entry("bag forward, max", List.of(Work.BAG_MAX)),
          entry("bag gradient", List.of(Work.BAG_GRADIENT)),
          entry("bag sgd", List.of(Work.BAG_SGD)),
          entry("bag row-wise adagrad", List.of(Work.BAG_ROWWISE_ADAGRAD)));

  /** How far from each other two numbers may be, by their storage, times 1 + their size. */
  private static final double TOLERANCE = 1e-4;

  private static final double NARROW_TOLERANCE = 1.0 / 64;

  private PeerTable() {}

  static void write(List<Peer> peers, Findings ours, ReportFolder report) throws IOException {
    for (Peer peer : peers) {
      report.section("Beside " + peer.name());
      report.text(
          peer.machine()
              + ". Their times: device events around many calls, divided by their number; ours: the"
              + " wall time of many calls enqueued back to back, without the grouping of the ids,"
              + " which the host does while the forward pass runs. Theirs / ours above 1 means that"
              + " we are faster. Like their dense gradient, ours has the table's size, and theirs is"
              + " filled with zeros each time: compare it with 'clear all'. Their Adam moves every row,"
              + " as moments decay where there is no gradient: ours on touched rows is another"
              + " optimizer, SparseAdam, and 'adam step, dense' is the same. Of 16-bit tables, their"
              + " gradients have 16 bits, and ours 32.");
      List<List<String>> rows = new ArrayList<>();
      for (Peer.Measured their : peer.results()) {
        for (Work work : OURS.getOrDefault(their.operation(), List.of())) {
          ours.results().stream()
              .filter(our -> our.work() == work && their.isOf(our))
              .forEach(our -> rows.add(row(their, our)));
        }
      }
      report.table(
          List.of(
              "shape", "storage", "ids", "theirs", "variant", "µs", "ours", "µs", "theirs / ours"),
          rows);
      compare(peer.fingerprints(), ours.fingerprints(), report);
      if (!peer.notes().isEmpty()) {
        report.text("What it could not do:");
        report.verbatim(String.join("\n", peer.notes()));
      }
      report.put("peer " + peer.file(), peer.json());
    }
  }

  private static List<String> row(Peer.Measured their, Result our) {
    double micros = our.timing().wall();
    return List.of(
        their.shape(),
        their.storage(),
        their.ids(),
        their.operation(),
        their.variant(),
        String.format(Locale.ROOT, "%.1f", their.micros()),
        our.work().title(),
        String.format(Locale.ROOT, "%.1f", micros),
        String.format(Locale.ROOT, "%.2f", their.micros() / micros));
  }

  private static void compare(
      List<Map<?, ?>> theirs, List<Map<String, Object>> ours, ReportFolder report) {
    List<List<String>> rows = new ArrayList<>();
    for (Map<?, ?> their : theirs) {
      for (Map<String, Object> our : ours) {
        if (List.of("shape", "storage", "ids").stream()
            .allMatch(key -> Objects.equals(their.get(key), our.get(key)))) {
          rows.add(comparison(their, our));
        }
      }
    }
    report.text(
        "The results, from the same start: whether the bits of the forward pass have the same sum,"
            + " and of samples of it and of what each step made the largest distance, divided by 1 +"
            + " the number's size. They agree if none is above "
            + TOLERANCE
            + " for float32 and 1/64 for 16 bits, which gradients of 16 bits and other orders of sums"
            + " explain. Bags are summed in other orders, and may differ in last bits.");
    report.table(
        List.of("shape", "storage", "ids", "forward's bits", "verdict", "largest distances"), rows);
  }

  /** Returns a row of the table for two fingerprints of the same problem. */
  static List<String> comparison(Map<?, ?> their, Map<String, Object> our) {
    double tolerance = "float32".equals(our.get("storage")) ? TOLERANCE : NARROW_TOLERANCE;
    boolean same = Objects.equals(number(their.get("forwardSum")), number(our.get("forwardSum")));
    boolean agree = true;
    List<String> distances = new ArrayList<>();
    if (their.get("samples") instanceof Map<?, ?> theirSamples
        && our.get("samples") instanceof Map<?, ?> ourSamples) {
      for (Map.Entry<?, ?> entry : theirSamples.entrySet()) {
        if (entry.getValue() instanceof List<?> other
            && ourSamples.get(entry.getKey()) instanceof List<?> own) {
          double distance = largestDistance(own, other);
          agree &= distance <= tolerance;
          distances.add(String.format(Locale.ROOT, "%s %.1e", entry.getKey(), distance));
        }
      }
    }
    return List.of(
        Peer.text(our, "shape"),
        Peer.text(our, "storage"),
        Peer.text(our, "ids"),
        their.get("forwardSum") == null ? "" : same ? "same" : "others",
        distances.isEmpty() ? "nothing to compare" : agree ? "agree" : "DIFFERENT",
        String.join(", ", distances));
  }

  private static Object number(Object value) {
    return value instanceof Number number ? number.longValue() : String.valueOf(value);
  }

  private static double largestDistance(List<?> own, List<?> other) {
    double largest = own.size() == other.size() ? 0 : Double.NaN;
    for (int i = 0; i < Math.min(own.size(), other.size()); i++) {
      double a = ((Number) own.get(i)).doubleValue();
      double b = ((Number) other.get(i)).doubleValue();
      largest = Math.max(largest, Math.abs(a - b) / (1 + Math.abs(a)));
    }
    return largest;
  }
}
