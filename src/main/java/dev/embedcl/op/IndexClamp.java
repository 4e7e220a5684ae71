package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DeviceBuffer;

/**
 * Copies ids that only the device knows, with those that are not in [0, numEmbeddings) replaced by
 * one that is.
 *
 * @param indices int32 ids; the buffer may be larger
 * @param out int32, receives {@code count} ids; may be larger, and may be {@code indices} itself
 * @param count how many ids, 0 allowed
 * @param numEmbeddings the number of rows, from 1 to 2^31
 * @param replacement in [0, numEmbeddings)
 */
public record IndexClamp(
    DeviceBuffer indices, DeviceBuffer out, int count, long numEmbeddings, int replacement)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a buffer is not int32 or too small, or a number out of its
   *     range
   */
  public IndexClamp {
    requireArgument(count >= 0, "count = %d is negative", count);
    Checks.requireIndexBuffer(indices, count);
    Checks.requireIndexBuffer(out, count);
    requireArgument(
        numEmbeddings >= 1 && numEmbeddings <= Matrix.MAX_ROWS,
        "numEmbeddings = %d is out of range [1, %d]",
        numEmbeddings,
        Matrix.MAX_ROWS);
    requireArgument(
        replacement >= 0 && replacement < numEmbeddings,
        "replacement = %d is out of range [0, %d)",
        replacement,
        numEmbeddings);
  }

  @Override
  public boolean isFloat64() {
    return false;
  }
}
