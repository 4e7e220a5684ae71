package dev.embedcl.gpureport;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Our times beside those of peers that ran on the same card, and their results beside ours. A
 * peer's file has {@code machine}, {@code results} (operation, shape, ids, variant, micros) and
 * {@code fingerprints} as in our own record.
 */
final class PeerTable {
  /** Our operations that do what the peers' one does. */
  private static final Map<String, List<String>> OURS = new LinkedHashMap<>();

  static {
    OURS.put("forward", List.of("forward"));
    OURS.put(
        "backward",
        List.of(
            "clear all, backward, deterministic", "backward, deterministic", "backward, atomic"));
    OURS.put("sgd", List.of("sgd step, fused"));
    OURS.put("adam", List.of());
  }

  private PeerTable() {}

  static void write(List<Path> files, OperationTimes ours, ReportFolder report) throws IOException {
    for (Path file : files) {
      Map<String, Object> peer = JSON.std.mapFrom(Files.readString(file));
      report.section("Beside " + peer.getOrDefault("name", file.getFileName().toString()));
      report.text(
          String.valueOf(peer.getOrDefault("machine", ""))
              + ". Their times: device events around many calls, divided by their number; ours: the"
              + " wall time of many calls enqueued back to back. Theirs / ours above 1 means that"
              + " we are faster. Like their dense gradient, ours has the table's size, and theirs is"
              + " filled with zeros each time: compare it with 'clear all'. Their sparse gradient is"
              + " a list of rows that nobody has added up yet.");
      List<List<String>> rows = new ArrayList<>();
      for (Map<?, ?> result : maps(peer, "results")) {
        List<String> names = OURS.getOrDefault(text(result, "operation"), List.of());
        if (names.isEmpty()) {
          rows.add(row(result, "", Double.NaN));
        }
        for (String name : names) {
          ours.results().stream()
              .filter(our ->
                  name.equals(our.get("operation"))
                      && text(result, "shape").equals(our.get("shape"))
                      && text(result, "ids").equals(our.get("ids")))
              .findFirst()
              .ifPresentOrElse(
                  our -> rows.add(row(result, name, number(our, "wallMicros"))),
                  () -> rows.add(row(result, name, Double.NaN)));
        }
      }
      report.table(
          List.of("shape", "ids", "theirs", "variant", "µs", "ours", "µs", "theirs / ours"), rows);
      compare(maps(peer, "fingerprints"), ours.fingerprints(), report);
      report.put("peer " + file.getFileName(), peer);
    }
  }

  private static void compare(
      List<Map<?, ?>> theirs, List<Map<String, Object>> ours, ReportFolder report) {
    List<List<String>> rows = new ArrayList<>();
    for (Map<?, ?> their : theirs) {
      for (Map<String, Object> our : ours) {
        if (!text(their, "shape").equals(text(our, "shape"))
            || !text(their, "ids").equals(text(our, "ids"))) {
          continue;
        }
        boolean same = text(their, "forwardSum").equals(text(our, "forwardSum"));
        StringBuilder distances = new StringBuilder();
        if (their.get("samples") instanceof Map<?, ?> theirSamples
            && our.get("samples") instanceof Map<?, ?> ourSamples) {
          theirSamples.forEach((operation, values) -> {
            if (ourSamples.get(operation) instanceof List<?> own
                && values instanceof List<?> other) {
              distances
                  .append(distances.isEmpty() ? "" : ", ")
                  .append(operation)
                  .append(' ')
                  .append(largestDistance(own, other));
            }
          });
        }
        rows.add(
            List.of(
                text(our, "shape"),
                text(our, "ids"),
                same ? "same bits" : "DIFFERENT",
                distances.toString()));
      }
    }
    report.text("The results: the sum of the forward's bits, and samples of the others.");
    report.table(List.of("shape", "ids", "forward", "largest distance of samples"), rows);
  }

  private static String largestDistance(List<?> own, List<?> other) {
    double largest = own.size() == other.size() ? 0 : Double.NaN;
    for (int i = 0; i < Math.min(own.size(), other.size()); i++) {
      largest =
          Math.max(
              largest,
              Math.abs(
                  ((Number) own.get(i)).doubleValue() - ((Number) other.get(i)).doubleValue()));
    }
    return String.format(Locale.ROOT, "%.1e", largest);
  }

  private static List<String> row(Map<?, ?> result, String name, double ours) {
    double theirs = number(result, "micros");
    return List.of(
        text(result, "shape"),
        text(result, "ids"),
        text(result, "operation"),
        text(result, "variant"),
        String.format(Locale.ROOT, "%.1f", theirs),
        name,
        Double.isNaN(ours) ? "not measured" : String.format(Locale.ROOT, "%.1f", ours),
        Double.isNaN(ours) ? "" : String.format(Locale.ROOT, "%.2f", theirs / ours));
  }

  private static List<Map<?, ?>> maps(Map<String, Object> json, String name) {
    List<Map<?, ?>> maps = new ArrayList<>();
    if (json.get(name) instanceof List<?> values) {
      for (Object value : values) {
        if (value instanceof Map<?, ?> map) {
          maps.add(map);
        }
      }
    }
    return maps;
  }

  private static String text(Map<?, ?> map, String name) {
    return String.valueOf(map.get(name));
  }

  private static double number(Map<?, ?> map, String name) {
    return map.get(name) instanceof Number number ? number.doubleValue() : Double.NaN;
  }
}
