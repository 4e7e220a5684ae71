package dev.embedcl.gpureport;

/** Which sizes a target is about. */
enum Sizes {
  LARGE_BATCHES,
  GPT2,
  WIDE,
  ALL;

  /** The smallest batch that fills a large GPU. */
  private static final int LARGE_BATCH = 32;

  boolean have(BatchShape shape) {
    return switch (this) {
      case LARGE_BATCHES -> GPT2.have(shape) && shape.batchSize() >= LARGE_BATCH;
      case GPT2 -> shape.positional() && !shape.equals(BatchShape.TINY);
      case WIDE -> shape.equals(BatchShape.WIDE);
      case ALL -> GPT2.have(shape) || WIDE.have(shape);
    };
  }
}
