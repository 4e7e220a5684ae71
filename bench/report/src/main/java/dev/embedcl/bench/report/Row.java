package dev.embedcl.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * A row of the comparison. A benchmark belongs to it by its class and by how its method's name
 * begins; what follows is the way it is done, of which a peer may have several.
 *
 * <p>A row may have variants, which are compared with its first: the values of one parameter, or
 * the benchmark's methods.
 */
enum Row {
  FORWARD_SMALL("forward, a small batch", "Forward", "(into|fresh)", "8x4x256", "50257"),
  FORWARD_INTO("forward into given memory", "Forward", "into", "8x1024x768", "50257"),
  FORWARD_FRESH("forward, fresh result", "Forward", "fresh", "8x1024x768", "50257"),
  FORWARD_LARGE("forward, a table of 2.1 GB", "Forward", "(into|fresh)", "1x2048x4096", "128256"),
  BACKWARD_INTO("backward into given gradients", "Backward", "into", "8x1024x768", "50257"),
  GRADIENT_SPARSE("backward, coalesced sparse", "Backward", "sparse", "8x1024x768", "50257"),
  GRADIENT_FRESH("backward, fresh dense", "Backward", "fresh", "8x1024x768", "50257"),
  STEP("forward, backward, SGD", "Step", "", "8x1024x768", "50257"),
  STEP_ADAM("forward, backward, Adam", "AdamStep", "", "8x1024x768", "50257"),
  BAG_FORWARD("bags, forward", "EmbeddingBagForward", "", "4096x50x128", "1000000"),
  BAG_SPARSE("bags, coalesced sparse", "EmbeddingBagBackward", "", "4096x50x128", "1000000"),
  BAG_STEP("bags, forward, backward, SGD", "EmbeddingBagStep", "", "4096x50x128", "1000000"),
  INIT("seeded normal table, ours on all processors", "Init", "", "50257x768", ""),
  INIT_FIRST("seeded normal table, first call of a process", "Init", "", "50257x768", ""),
  FORWARD_STORAGE(
      "forward by storage",
      "Forward",
      "into",
      "8x1024x768",
      "50257",
      Map.of("storage", "FLOAT32,FLOAT16,BFLOAT16", "ids", "uniform")),
  FORWARD_STORAGE_LARGE(
      "forward by storage, a table of 2.1 GB in float32",
      "Forward",
      "into",
      "8x256x4096",
      "128256",
      Map.of("storage", "FLOAT32,FLOAT16,BFLOAT16", "ids", "uniform")),
  STEP_STORAGE(
      "step by storage",
      "Step",
      "(fused|byHand|autogradSparse)",
      "8x1024x768",
      "50257",
      Map.of("storage", "FLOAT32,FLOAT16,BFLOAT16", "ids", "uniform")),
  STEP_LARGE(
      "step by rows of a float16 table",
      "Step",
      "fused",
      "8x1024x64",
      "20000,2000000,20000000",
      Map.of("storage", "FLOAT16", "ids", "uniform", "device", "cpu:1,cpu:2")),
  STEP_BATCH(
      "step by size of the batch",
      "Step",
      "fused",
      "8x1024x768,16x1024x768,32x1024x768",
      "50257",
      Map.of("ids", "uniform", "device", "cpu:1,cpu:2")),
  STEP_ROWS(
      "step by rows of a float32 table",
      "Step",
      "fused",
      "8x1024x128",
      "100000,10000000",
      Map.of("ids", "uniform", "device", "cpu:1,cpu:2")),
  GROUPING(
      "backward, and the grouping in it",
      "Grouping",
      "",
      "8x1024x768",
      "50257",
      Map.of("device", "cpu:1,cpu:2")),
  GROUPING_LARGE(
      "backward of 1M ids, and the grouping in it",
      "Grouping",
      "",
      "1024x1024x768",
      "50257",
      Map.of("ids", "uniform", "device", "cpu:1,cpu:2"));

  final String title;

  /** What the tables show: the shape or, where that varies, the first. */
  final String shape;

  private final String benchmark;
  private final String prefix;
  private final Map<String, String> parameters = new LinkedHashMap<>();

  Row(String title, String benchmark, String prefix, String shape, String numEmbeddings) {
    this(title, benchmark, prefix, shape, numEmbeddings, Map.of());
  }

  Row(
      String title,
      String benchmark,
      String prefix,
      String shapes,
      String numEmbeddings,
      Map<String, String> more) {
    this.title = title;
    this.benchmark = benchmark;
    this.prefix = prefix;
    this.shape = shapes.split(",")[0];
    if (!numEmbeddings.isEmpty()) {
      parameters.put("shape", shapes);
      parameters.put("numEmbeddings", numEmbeddings);
      parameters.put("ids", "uniform,zipf");
    }
    parameters.putAll(more);
  }

  /** Returns the name by which a user asks for it, and by which it is recorded. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns the regular expression that JMH takes. */
  String include() {
    return "\\." + benchmark + "Benchmark\\." + prefix;
  }

  /** Returns the values of JMH's parameters, separated by commas; others have their defaults. */
  Map<String, String> parameters() {
    return parameters;
  }

  /** Returns whether only the first call of a process counts. */
  boolean firstCalls() {
    return this == INIT_FIRST;
  }

  /** Returns which of the row's variants a result is of; empty where it has none. */
  String variant(String method, JsonNode values) {
    if (benchmark.equals("Grouping")) {
      return method;
    }
    for (String parameter : new String[] {"shape", "numEmbeddings", "storage"}) {
      if (parameters.getOrDefault(parameter, "").contains(",")) {
        return values.path(parameter).asText();
      }
    }
    return "";
  }
}
