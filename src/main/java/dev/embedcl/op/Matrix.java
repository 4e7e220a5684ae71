package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;

/**
 * A buffer read as a dense row-major matrix [rows, columns] that starts at its first element. The
 * buffer may be larger, so that one buffer serves batches of several sizes.
 *
 * <p>Of {@link DType#FLOAT32}, or as a table or an output of {@link DType#FLOAT16} or {@link
 * DType#BFLOAT16}, which are storage alone: elements are widened to float32 when they are read, all
 * arithmetic is float32, and results are rounded once, when they are written. Widening is exact.
 * Rounding is to the nearest number, to the even one of two that are equally near, subnormal
 * numbers included; what is beyond the largest number becomes infinite, and a NaN stays a NaN, of
 * whichever payload.
 *
 * <p>Or of {@link DType#FLOAT64}, which is for checks of gradients and not for speed: then every
 * floating-point operand of an operation is, arithmetic is float64 wherever an operation's
 * documentation says float32, in the same orders, and the CPU backend alone executes it, on one
 * thread.
 *
 * @param buffer holds at least {@code rows * columns} elements of a floating-point type
 * @param rows from 0 to 2^31
 * @param columns the embedding dimension, at least 1
 */
public record Matrix(DeviceBuffer buffer, long rows, int columns) implements Table {
  /** The most rows a table can have: ids are 31 bits wide. */
  public static final long MAX_ROWS = 1L << 31;

  /**
   * Checks the sizes against the buffer.
   *
   * @throws IllegalArgumentException if the type is another, a size is out of its range or the
   *     buffer is too small
   */
  public Matrix {
    switch (buffer.type()) {
      case FLOAT64, FLOAT32, FLOAT16, BFLOAT16 -> {}
      case INT64, INT32, INT16, INT8, UINT8, BOOL ->
          throw new IllegalArgumentException(
              "a matrix of "
                  + buffer.type()
                  + " is not supported; use FLOAT32, FLOAT16 or BFLOAT16 for storage, or FLOAT64 to"
                  + " check gradients");
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

  /** Returns the type of the elements. */
  @Override
  public DType type() {
    return buffer.type();
  }

  /** Returns the bytes of a row. */
  @Override
  public long rowBytes() {
    return (long) columns * type().bytes();
  }
}
