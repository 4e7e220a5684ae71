package dev.embedcl.gpureport;

import java.util.List;

/**
 * One size of table and batch.
 *
 * @param name how the report and the peers call it
 * @param batchSize sequences or bags
 * @param seqLen ids in each
 * @param lookup what becomes of the vectors
 */
record BatchShape(
    String name, int numEmbeddings, int embeddingDim, int batchSize, int seqLen, Lookup lookup) {

  /** What becomes of the vectors that are looked up. */
  enum Lookup {
    /** They are the result. */
    TOKENS,
    /** A positional row is added to each. */
    TOKENS_AND_POSITIONS,
    /** One vector is made of those of a bag. */
    BAGS
  }

  /** What a small batch costs from call to result. */
  static final BatchShape TINY =
      new BatchShape("8x4x256", 50_257, 256, 8, 4, Lookup.TOKENS_AND_POSITIONS);

  static final BatchShape WIDE =
      new BatchShape("V128256 D4096 N16384", 128_256, 4096, 16, 1024, Lookup.TOKENS);

  static final BatchShape BAGS =
      new BatchShape("V10000000 D128 bags 65536x20", 10_000_000, 128, 65_536, 20, Lookup.BAGS);

  /** Small enough for a first look. */
  static final BatchShape FEW_BAGS =
      new BatchShape("V100000 D128 bags 4096x20", 100_000, 128, 4096, 20, Lookup.BAGS);

  /** GPT-2's tables, with sequences of 1024. */
  static BatchShape gpt2(int batchSize) {
    return new BatchShape(
        "V50257 D768 B" + batchSize + " T1024",
        50_257,
        768,
        batchSize,
        1024,
        Lookup.TOKENS_AND_POSITIONS);
  }

  /** All sizes, in the order in which a reader looks for them. */
  static List<BatchShape> all() {
    return List.of(TINY, gpt2(8), gpt2(16), gpt2(32), gpt2(64), WIDE, FEW_BAGS, BAGS);
  }

  boolean bags() {
    return lookup == Lookup.BAGS;
  }

  boolean positional() {
    return lookup == Lookup.TOKENS_AND_POSITIONS;
  }

  /** Returns the number of ids. */
  int count() {
    return batchSize * seqLen;
  }

  /** Returns the number of vectors in the result. */
  int outRows() {
    return bags() ? batchSize : count();
  }

  long tableElements() {
    return (long) numEmbeddings * embeddingDim;
  }

  long positionElements() {
    return positional() ? (long) seqLen * embeddingDim : 0;
  }

  /** Returns how many numbers the rows of all ids have. */
  long lookedUpElements() {
    return (long) count() * embeddingDim;
  }

  long outElements() {
    return (long) outRows() * embeddingDim;
  }
}
