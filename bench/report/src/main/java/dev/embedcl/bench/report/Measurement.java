package dev.embedcl.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * What one benchmark reached in one round.
 *
 * @param subject what was measured
 * @param row the row it was measured for
 * @param round the round, from 1 on
 * @param way the benchmark's method unless that is the variant, and the device where it names one
 * @param variant which of the row's variants; empty where it has none
 * @param ids how ids were drawn; empty where there are none
 * @param threads how many threads one call used
 * @param micros microseconds per call, the median of the iterations
 * @param gigabytesPerSecond bytes that the operation cannot avoid, in 10⁹ per second
 * @param heapBytes bytes that one call allocates on the Java heap; NaN where they were not counted
 */
record Measurement(
    Subject subject,
    Row row,
    int round,
    String way,
    String variant,
    String ids,
    int threads,
    double micros,
    double gigabytesPerSecond,
    double heapBytes) {

  static Measurement of(Subject subject, JsonNode result) {
    JsonNode params = result.path("params");
    String name = result.path("benchmark").asText();
    String device = params.path("device").asText("");
    String bytes = params.path("bytes").asText("");
    String method = name.substring(name.lastIndexOf('.') + 1);
    int jmhThreads = result.path("threads").asInt(1);
    Row row = Row.valueOf(result.path("row").asText());
    String variant = row.variant(method, params);
    JsonNode others = result.path("secondaryMetrics");
    return new Measurement(
        subject,
        row,
        result.path("round").asInt(),
        way(method.equals(variant) ? "" : method + bytes, device),
        variant,
        params.path("ids").asText(""),
        threads(params, device, jmhThreads),
        1e6 * seconds(result, jmhThreads),
        median(others.path("gigabytesMoved")),
        median(others.path("heapBytes")) * seconds(result, jmhThreads));
  }

  private static String way(String method, String device) {
    return (method + " " + device.replaceAll(":\\d+", "")).strip();
  }

  /** Calls per second, unless single calls were timed. */
  private static double seconds(JsonNode result, int jmhThreads) {
    double median = median(result.path("primaryMetric"));
    return result.path("mode").asText().equals("ss") ? median : jmhThreads / median;
  }

  /** An OpenCL device of the processor runs on all of it. */
  private static int threads(JsonNode params, String device, int jmhThreads) {
    if (params.has("threads")) {
      return params.path("threads").asInt();
    }
    if (device.startsWith("cpu:")) {
      return Integer.parseInt(device.substring("cpu:".length()));
    }
    return device.isEmpty() ? jmhThreads : 2;
  }

  private static double median(JsonNode metric) {
    List<Double> values = new ArrayList<>();
    metric.path("rawData").forEach(fork -> fork.forEach(value -> values.add(value.asDouble())));
    return Medians.of(values);
  }
}
