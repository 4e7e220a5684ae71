package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;

/**
 * A table of rows quantised to 8 bits, each with a scale and an offset of its own: {@code x[d] =
 * q[d] * scale + offset}, q from 0 to 255, the product rounded to float32 before the offset is
 * added: the same bits everywhere.
 *
 * <p>A row has {@code columns} unsigned bytes and then, wherever that falls, the scale and the
 * offset as little-endian float32, so that what is needed of a row lies side by side. The rows
 * follow each other without a gap. These are the bytes of PyTorch's {@code
 * torch.ops.quantized.embedding_bag_byte_prepack}.
 *
 * @param buffer uint8, at least {@code rows * (columns + 8)}; starts with the first row
 * @param rows from 0 to 2^31
 * @param columns the embedding dimension, from 1 to {@value #MAX_COLUMNS}
 */
public record QuantizedMatrix(DeviceBuffer buffer, long rows, int columns) implements Table {
  /** The bytes of a row's scale and offset, which follow its numbers. */
  public static final int TAIL_BYTES = 2 * Float.BYTES;

  /** The longest rows: all bytes of one fit a Java array. */
  public static final int MAX_COLUMNS = Integer.MAX_VALUE - 8 - TAIL_BYTES;

  /**
   * Checks the sizes against the buffer.
   *
   * @throws IllegalArgumentException if the type is another, a size is out of its range or the
   *     buffer is too small
   */
  public QuantizedMatrix {
    if (buffer.type() != DType.UINT8) {
      throw new IllegalArgumentException(
          "quantised rows in a buffer of " + buffer.type() + "; they are kept as UINT8");
    }
    requireArgument(
        rows >= 0 && rows <= Matrix.MAX_ROWS,
        "rows = %d is out of range [0, %d]",
        rows,
        Matrix.MAX_ROWS);
    requireArgument(
        columns >= 1 && columns <= MAX_COLUMNS,
        "columns = %d is out of range [1, %d]",
        columns,
        MAX_COLUMNS);
    requireArgument(
        rows <= buffer.elements() / (columns + TAIL_BYTES),
        "%d quantised rows of %d columns take %d bytes; the buffer has %d",
        rows,
        columns,
        rows * (columns + TAIL_BYTES),
        buffer.elements());
  }

  @Override
  public DType type() {
    return DType.UINT8;
  }

  /** Returns the bytes of a row, {@code columns + 8}. */
  @Override
  public long rowBytes() {
    return (long) columns + TAIL_BYTES;
  }
}
