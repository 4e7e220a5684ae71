package dev.embedcl.text;

import java.util.OptionalLong;

/**
 * How a run of token ids is cut into windows and batches; made by {@link #of}, changed by copies:
 * {@code WindowOptions.of(256).withStride(128).withShuffle(123)}.
 *
 * @param maxLength ids in a window
 * @param stride ids from the start of one window to the start of the next
 * @param batchSize windows in a batch
 * @param dropLast whether a last batch of fewer windows is left out
 * @param shuffleSeed the seed of the order of windows; empty means the order of the text
 */
public record WindowOptions(
    int maxLength, int stride, int batchSize, boolean dropLast, OptionalLong shuffleSeed) {
  /** Longest array that every Java virtual machine allows. */
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  /** The batch size when none is given. */
  public static final int DEFAULT_BATCH_SIZE = 8;

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if a number is less than 1, or a batch has more ids than an
   *     array can hold
   */
  public WindowOptions {
    checkPositive("maxLength", maxLength, "ids in a window");
    checkPositive("stride", stride, "ids from window to window");
    checkPositive("batchSize", batchSize, "windows in a batch");
    if ((long) batchSize * maxLength > MAX_ARRAY) {
      throw new IllegalArgumentException(
          "batchSize = "
              + batchSize
              + " windows of maxLength = "
              + maxLength
              + " are "
              + (long) batchSize * maxLength
              + " ids, more than the "
              + MAX_ARRAY
              + " of an array; use a smaller batchSize");
    }
  }

  /**
   * Returns options with {@code stride = maxLength} (windows that touch but do not overlap),
   * batches of {@value #DEFAULT_BATCH_SIZE}, the last short batch kept, in the order of the text.
   *
   * @throws IllegalArgumentException if {@code maxLength} is less than 1
   */
  public static WindowOptions of(int maxLength) {
    return new WindowOptions(
        maxLength,
        maxLength,
        // A single window too long for a batch of eight is still a batch of one.
        (long) DEFAULT_BATCH_SIZE * maxLength > MAX_ARRAY ? 1 : DEFAULT_BATCH_SIZE,
        false,
        OptionalLong.empty());
  }

  /**
   * Returns these options with another stride.
   *
   * @throws IllegalArgumentException if it is less than 1
   */
  public WindowOptions withStride(int newStride) {
    return new WindowOptions(maxLength, newStride, batchSize, dropLast, shuffleSeed);
  }

  /**
   * Returns these options with another batch size.
   *
   * @throws IllegalArgumentException if it is less than 1, or a batch gets too large
   */
  public WindowOptions withBatchSize(int newBatchSize) {
    return new WindowOptions(maxLength, stride, newBatchSize, dropLast, shuffleSeed);
  }

  /** Returns these options with the last short batch left out, or kept. */
  public WindowOptions withDropLast(boolean newDropLast) {
    return new WindowOptions(maxLength, stride, batchSize, newDropLast, shuffleSeed);
  }

  /** Returns these options with the windows in the random order of {@link Epoch}. */
  public WindowOptions withShuffle(long seed) {
    return new WindowOptions(maxLength, stride, batchSize, dropLast, OptionalLong.of(seed));
  }

  /**
   * Returns how many windows {@code tokens} ids have: the values of Python's {@code range(0, tokens
   * - maxLength, stride)}, that is {@code ⌈(tokens − maxLength) / stride⌉}, or 0 for {@code tokens
   * ≤ maxLength}.
   */
  public long windows(long tokens) {
    long starts = tokens - maxLength;
    return starts <= 0 ? 0 : (starts - 1) / stride + 1;
  }

  /** Returns how many batches {@code windows} windows make. */
  public long batches(long windows) {
    return windows / batchSize + (!dropLast && windows % batchSize != 0 ? 1 : 0);
  }

  IllegalArgumentException tooShort(long tokens) {
    return new IllegalArgumentException(
        "the text has "
            + tokens
            + " tokens; a window of maxLength = "
            + maxLength
            + " and its target, one token further, need at least "
            + (maxLength + 1L)
            + "; use a longer text or a smaller maxLength");
  }

  private static void checkPositive(String name, int value, String meaning) {
    if (value < 1) {
      throw new IllegalArgumentException(
          name + " = " + value + " is less than 1; give the number of " + meaning);
    }
  }
}
