package dev.embedcl.bench.report;

import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * JMH's records of one run: a folder with one JSON file for each subject. Each result is as JMH
 * wrote it, with the row and the round added, and without what describes the machine's folders.
 */
final class Records {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** {@code jvm} is a path, and {@code jvmArgs} hold some. */
  private static final List<String> LEFT_OUT = List.of("jvm", "jvmArgs");

  private final Path folder;
  private final Map<Subject, ArrayNode> results = new EnumMap<>(Subject.class);

  private Records(Path folder) {
    this.folder = folder;
  }

  /** Reads what the folder has; none, if there is no such folder. */
  static Records load(Path folder) throws IOException {
    Records records = new Records(folder);
    for (Subject subject : Subject.values()) {
      Path file = records.file(subject);
      records.results.put(
          subject,
          Files.exists(file) ? (ArrayNode) JSON.readTree(file.toFile()) : JSON.createArrayNode());
    }
    return records;
  }

  boolean has(Subject subject, Row row, int round) {
    return measurements().stream()
        .anyMatch(m -> m.subject() == subject && m.row() == row && m.round() == round);
  }

  /** Adds what JMH wrote, and saves. */
  void add(Subject subject, Row row, int round, Path jmhJson) throws IOException {
    ArrayNode all = results.computeIfAbsent(subject, s -> JSON.createArrayNode());
    for (JsonNode result : JSON.readTree(jmhJson.toFile())) {
      ObjectNode kept = ((ObjectNode) result).remove(LEFT_OUT);
      kept.put("row", row.name());
      kept.put("round", round);
      all.add(kept);
    }
    Files.createDirectories(folder);
    JSON.writer(new DefaultPrettyPrinter()).writeValue(file(subject).toFile(), all);
  }

  List<Measurement> measurements() {
    List<Measurement> measurements = new ArrayList<>();
    results.forEach((subject, array) ->
        array.forEach(result -> measurements.add(Measurement.of(subject, result))));
    return measurements;
  }

  private Path file(Subject subject) {
    return folder.resolve(subject.id() + ".json");
  }
}
