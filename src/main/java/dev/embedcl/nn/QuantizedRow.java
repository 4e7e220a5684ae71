package dev.embedcl.nn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * What a row becomes in 8 bits, and what comes back of it; the formula stands in {@link
 * QuantizedEmbedding}, the layout in {@link dev.embedcl.op.QuantizedMatrix}.
 */
final class QuantizedRow {
  static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Added to a row's range before it divides, as PyTorch does, for a range may be 0. */
  private static final float EPSILON = 1e-8f;

  private static final float LARGEST = 255;

  private QuantizedRow() {}

  /**
   * Quantises a row.
   *
   * @param number the row's, for errors
   * @param to receives the row's bytes, scale and offset
   * @throws IllegalArgumentException if a number, or their range, is not finite
   */
  static void quantize(long number, float[] row, MemorySegment to) {
    float min = row[0];
    float max = row[0];
    for (int c = 0; c < row.length; c++) {
      if (!Float.isFinite(row[c])) {
        throw new IllegalArgumentException(
            "row "
                + number
                + ", column "
                + c
                + " is "
                + row[c]
                + "; 8 bits keep finite numbers alone: mend the table first");
      }
      // What is equal, zeros of both signs too, leaves the first.
      min = row[c] < min ? row[c] : min;
      max = row[c] > max ? row[c] : max;
    }
    float range = max - min;
    if (!Float.isFinite(range)) {
      throw new IllegalArgumentException(
          "row "
              + number
              + " reaches from "
              + min
              + " to "
              + max
              + ", further than the largest float32; scale the table down first");
    }
    float inverse = LARGEST / (range + EPSILON);
    for (int c = 0; c < row.length; c++) {
      to.set(JAVA_BYTE, c, (byte) (int) Math.rint((row[c] - min) * inverse));
    }
    to.set(FLOAT, row.length, range / LARGEST);
    to.set(FLOAT, row.length + (long) Float.BYTES, min);
  }

  /** Gives the numbers of a row, from an element on. */
  static void dequantize(MemorySegment row, int columns, MemorySegment to, long element) {
    float scale = row.get(FLOAT, columns);
    float offset = row.get(FLOAT, columns + (long) Float.BYTES);
    for (int c = 0; c < columns; c++) {
      float product = (row.get(JAVA_BYTE, c) & 0xff) * scale;
      to.set(FLOAT, Float.BYTES * (element + c), product + offset);
    }
  }

  /** Throws unless scale and offset are finite. */
  static void requireTail(long row, float scale, float offset) {
    if (!(Float.isFinite(scale) && Float.isFinite(offset))) {
      throw new IllegalArgumentException(
          "row "
              + row
              + " has the scale "
              + scale
              + " and the offset "
              + offset
              + "; quantised rows have finite ones");
    }
  }
}
