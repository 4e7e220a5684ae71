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
 * @param way the benchmark's method, and the device where it names one
 * @param ids how ids were drawn; empty for copies
 * @param threads how many threads one call used
 * @param micros microseconds per call, the median of the iterations
 * @param gigabytesPerSecond bytes that the operation cannot avoid, in 10⁹ per second
 */
record Measurement(
    Subject subject,
    Row row,
    int round,
    String way,
    String ids,
    int threads,
    double micros,
    double gigabytesPerSecond) {

  static Measurement of(Subject subject, JsonNode result) {
    JsonNode params = result.path("params");
    String name = result.path("benchmark").asText();
    String device = params.path("device").asText("");
    String bytes = params.path("bytes").asText("");
    String method = name.substring(name.lastIndexOf('.') + 1);
    int jmhThreads = result.path("threads").asInt(1);
    return new Measurement(
        subject,
        Row.valueOf(result.path("row").asText()),
        result.path("round").asInt(),
        device.isEmpty() ? method + bytes : method + " " + device.replaceAll(":\\d+", ""),
        params.path("ids").asText(""),
        threads(params, device, jmhThreads),
        1e6 * jmhThreads / median(result.path("primaryMetric")),
        median(result.path("secondaryMetrics").path("gigabytesMoved")));
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
