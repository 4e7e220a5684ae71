package dev.embedcl.text;

import java.util.Objects;

/**
 * Windows of token ids and the targets that follow each id: two [batchSize, seqLen] arrays,
 * row-major.
 *
 * <p>The arrays are the batch's own memory, not copies. A batch that {@link Epoch#read} fills again
 * and again keeps its arrays; in a last short batch only the first {@code batchSize() * seqLen()}
 * elements of each mean something.
 */
public final class TokenBatch {
  private final int[] inputIds;
  private final int[] targetIds;
  private final int seqLen;
  private int batchSize;

  private TokenBatch(int[] inputIds, int[] targetIds, int batchSize, int seqLen) {
    this.inputIds = inputIds;
    this.targetIds = targetIds;
    this.batchSize = batchSize;
    this.seqLen = seqLen;
  }

  /**
   * Views two arrays of {@code batchSize * seqLen} ids as a batch, without a copy.
   *
   * @throws IllegalArgumentException if {@code batchSize} or {@code seqLen} is less than 1, or an
   *     array has another length
   */
  public static TokenBatch of(int[] inputIds, int[] targetIds, int batchSize, int seqLen) {
    if (batchSize < 1 || seqLen < 1) {
      throw new IllegalArgumentException(
          "batchSize = " + batchSize + ", seqLen = " + seqLen + ": both must be at least 1");
    }
    checkLength("inputIds", inputIds, batchSize, seqLen);
    checkLength("targetIds", targetIds, batchSize, seqLen);
    return new TokenBatch(inputIds, targetIds, batchSize, seqLen);
  }

  static TokenBatch allocate(int batchSize, int seqLen) {
    int length = Math.multiplyExact(batchSize, seqLen);
    return new TokenBatch(new int[length], new int[length], batchSize, seqLen);
  }

  /** Returns the ids, row-major [batchSize, seqLen]. */
  public int[] inputIds() {
    return inputIds;
  }

  /** Returns for each id of {@link #inputIds} the one that follows it in the text. */
  public int[] targetIds() {
    return targetIds;
  }

  /** Returns the number of windows. */
  public int batchSize() {
    return batchSize;
  }

  /** Returns the number of ids in a window. */
  public int seqLen() {
    return seqLen;
  }

  /** Returns how many windows the arrays have room for. */
  int capacity() {
    return inputIds.length / seqLen;
  }

  void resize(int newBatchSize) {
    batchSize = Objects.checkIndex(newBatchSize, capacity() + 1);
  }

  @Override
  public String toString() {
    return "TokenBatch[" + batchSize + ", " + seqLen + "]";
  }

  private static void checkLength(String name, int[] ids, int batchSize, int seqLen) {
    if (ids.length != (long) batchSize * seqLen) {
      throw new IllegalArgumentException(
          name
              + " has "
              + ids.length
              + " ids; a batch of batchSize = "
              + batchSize
              + " windows of seqLen = "
              + seqLen
              + " takes "
              + (long) batchSize * seqLen);
    }
  }
}
