package dev.embedcl.bench;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Makes the Markdown table of a report from the JSON that JMH writes: time, bytes per second, and
 * the share of what {@link MemcpyBenchmark} reached in the same run, with as many threads at 24
 * MiB.
 */
public final class ReportTable {

  private ReportTable() {}

  /**
   * Prints the table.
   *
   * @param args the JSON file
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    List<Row> rows = new ArrayList<>();
    for (JsonNode result : new ObjectMapper().readTree(new File(args[0]))) {
      rows.add(Row.of(result));
    }
    Map<String, Double> memcpy = new TreeMap<>();
    for (Row row : rows) {
      if (row.name.startsWith("Memcpy")) {
        memcpy.put(row.threads() + "x" + row.params.get("bytes"), row.gigabytesPerSecond);
      }
    }
    System.out.println("| benchmark | | median µs | GB/s | of memcpy 24 MiB | of memcpy 1 GiB |");
    System.out.println("|---|---|---:|---:|---:|---:|");
    for (Row row : rows) {
      System.out.printf(
          Locale.ROOT,
          "| %s | %s | %.1f | %.2f | %s | %s |%n",
          row.name,
          String.join(" ", row.params.values()),
          row.micros,
          row.gigabytesPerSecond,
          share(row, memcpy.get(row.threads() + "x25165824")),
          share(row, memcpy.get(row.threads() + "x1073741824")));
    }
  }

  private static String share(Row row, @Nullable Double yardstick) {
    return yardstick == null
        ? "–"
        : String.format(Locale.ROOT, "%.0f %%", 100 * row.gigabytesPerSecond / yardstick);
  }

  private record Row(
      String name, Map<String, String> params, double micros, double gigabytesPerSecond) {

    static Row of(JsonNode result) {
      String[] name = result.get("benchmark").asText().split("\\.");
      Map<String, String> params = new TreeMap<>();
      if (result.has("params")) {
        result
            .get("params")
            .properties()
            .forEach(p -> params.put(p.getKey(), p.getValue().asText()));
      }
      return new Row(
          name[name.length - 2].replace("Benchmark", "") + " " + name[name.length - 1],
          params,
          1e6 * result.get("threads").asInt() / median(result.get("primaryMetric")),
          median(result.get("secondaryMetrics").get("gigabytesMoved")));
    }

    /** The threads that share the memory: those of the copy, or of the device. */
    int threads() {
      String device = params.getOrDefault("device", "");
      return name.contains("oneThread") || device.equals("cpu:1") ? 1 : 2;
    }

    private static double median(JsonNode metric) {
      List<Double> values = new ArrayList<>();
      metric.get("rawData").forEach(fork -> fork.forEach(value -> values.add(value.asDouble())));
      values.sort(null);
      int middle = values.size() / 2;
      return values.size() % 2 == 1
          ? values.get(middle)
          : (values.get(middle - 1) + values.get(middle)) / 2;
    }
  }
}
