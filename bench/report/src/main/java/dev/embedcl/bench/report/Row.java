package dev.embedcl.bench.report;

import java.util.Locale;

/**
 * A row of the comparison. A benchmark belongs to it by its class and by how its method's name
 * begins; what follows is the way it is done, of which a peer may have several.
 */
enum Row {
  FORWARD_SMALL("forward, a small batch", "Forward", "(into|fresh)", "8x4x256", 50_257),
  FORWARD_INTO("forward into given memory", "Forward", "into", "8x1024x768", 50_257),
  FORWARD_FRESH("forward, fresh result", "Forward", "fresh", "8x1024x768", 50_257),
  FORWARD_LARGE("forward, a table of 2.1 GB", "Forward", "(into|fresh)", "1x2048x4096", 128_256),
  BACKWARD_INTO("backward into given gradients", "Backward", "into", "8x1024x768", 50_257),
  GRADIENT_SPARSE("backward, coalesced sparse", "Backward", "sparse", "8x1024x768", 50_257),
  GRADIENT_FRESH("backward, fresh dense", "Backward", "fresh", "8x1024x768", 50_257),
  STEP("forward, backward, SGD", "Step", "", "8x1024x768", 50_257);

  final String title;
  final String shape;
  final int numEmbeddings;
  private final String benchmark;
  private final String prefix;

  Row(String title, String benchmark, String prefix, String shape, int numEmbeddings) {
    this.title = title;
    this.benchmark = benchmark;
    this.prefix = prefix;
    this.shape = shape;
    this.numEmbeddings = numEmbeddings;
  }

  /** Returns the name by which a user asks for it, and by which it is recorded. */
  String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** Returns the regular expression that JMH takes. */
  String include() {
    return "\\." + benchmark + "Benchmark\\." + prefix;
  }
}
