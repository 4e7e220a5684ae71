package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;

/**
 * A buffer read as a dense row-major float32 matrix [rows, columns] that starts at its first
 * element. The buffer may be larger, so that one buffer serves batches of several sizes.
 *
 * @param buffer holds at least {@code rows * columns} elements of {@link DType#FLOAT32}
 * @param rows from 0 to 2^31
 * @param columns the embedding dimension, at least 1
 */
public record Matrix(DeviceBuffer buffer, long rows, int columns) {
  /** The most rows a table can have: ids are 31 bits wide. */
  public static final long MAX_ROWS = 1L << 31;

  /**
   * Checks the sizes against the buffer.
   *
   * @throws IllegalArgumentException if the type is not float32, a size is out of its range or the
   *     buffer is too small
   */
  public Matrix {
    if (buffer.type() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          "a matrix of " + buffer.type() + " is not supported; use FLOAT32");
    }
    requireArgument(
        rows >= 0 && rows <= MAX_ROWS, "rows = %d is out of range [0, %d]", rows, MAX_ROWS);
    requireArgument(columns >= 1, "columns = %d; an embedding has at least 1 dimension", columns);
    requireArgument(
        rows <= buffer.elements() / columns,
        "a [%d, %d] matrix takes %d elements; the buffer has %d",
        rows,
        columns,
        rows * columns,
        buffer.elements());
  }
}
