package dev.embedcl.gpureport;

import java.util.List;

/**
 * One size of table and batch.
 *
 * @param name how the report and the peers call it
 * @param positional whether a positional table takes part
 */
record BatchShape(
    String name,
    int numEmbeddings,
    int embeddingDim,
    int batchSize,
    int seqLen,
    boolean positional) {

  /** What a small batch costs from call to result. */
  static final BatchShape TINY = new BatchShape("8x4x256", 50_257, 256, 8, 4, true);

  /** The sizes that are timed, the smaller first. */
  static List<BatchShape> timed() {
    return List.of(
        TINY,
        gpt2(8),
        gpt2(16),
        gpt2(32),
        gpt2(64),
        new BatchShape("V128256 D4096 B16 T1024", 128_256, 4096, 16, 1024, false));
  }

  private static BatchShape gpt2(int batchSize) {
    return new BatchShape(
        "V50257 D768 B" + batchSize + " T1024", 50_257, 768, batchSize, 1024, true);
  }

  int count() {
    return batchSize * seqLen;
  }

  long tableElements() {
    return (long) numEmbeddings * embeddingDim;
  }

  long positionElements() {
    return positional ? (long) seqLen * embeddingDim : 0;
  }

  long outElements() {
    return (long) count() * embeddingDim;
  }
}
