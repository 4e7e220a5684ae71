package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The loops over float16, of which the compiler makes the processor's own conversions: these took a
 * third of the time of the same in integers of the Vector API.
 *
 * <p>It does so where a loop reads arrays and writes an array of another kind, or memory: if it
 * read memory as well, it could not tell that the two do not overlap. So rows are copied to arrays
 * first, all of them before the first is worked on, so that they are on their way together.
 *
 * <p>Holds working memory, so each thread has its own.
 */
final class Float16Loops {
  private static final int STRIP = RowStorage.STRIP;

  private final short[][] rowBits = new short[RowKernels.ROWS][STRIP];
  private final short[] commonBits = new short[STRIP];
  private final float[] gradient = new float[STRIP];

  /** Widens the first {@code width} numbers. */
  static void widen(short[] from, float[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }

  /** Rounds the first {@code width} numbers to the nearest, the even one of two. */
  static void narrow(float[] from, short[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = Float.floatToFloat16(from[i]);
    }
  }

  /** As {@link RowKernels#addToRows}, all rows of float16, sums rounded as by {@link #narrow}. */
  void addToRows(
      MemorySegment rows,
      long[] rowAt,
      int count,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long d = 2L * first;
      MemorySegment.copy(common, JAVA_SHORT_UNALIGNED, commonAt + d, commonBits, 0, width);
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(rows, JAVA_SHORT_UNALIGNED, rowAt[i] + d, rowBits[i], 0, width);
      }
      for (int i = 0; i < count; i++) {
        add(rowBits[i], commonBits, to, toAt[i] + d, width);
      }
    }
  }

  /**
   * As {@link RowKernels#step}, a table of float16, rounded as by {@link #narrow}.
   *
   * @param toAt where the rows would start in bytes, if the table were float32
   */
  void step(
      MemorySegment rows,
      long[] rowAt,
      int count,
      float rate,
      MemorySegment to,
      long[] toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      for (int i = 0; i < count; i++) {
        long at = toAt[i] / 2 + 2L * first;
        MemorySegment.copy(to, JAVA_SHORT_UNALIGNED, at, rowBits[i], 0, width);
      }
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt[i] + 4L * first, gradient, 0, width);
        step(rowBits[i], gradient, rate, to, toAt[i] / 2 + 2L * first, width);
      }
    }
  }

  private static void add(short[] row, short[] added, MemorySegment to, long toAt, int width) {
    for (int i = 0; i < width; i++) {
      float sum = Float.float16ToFloat(row[i]) + Float.float16ToFloat(added[i]);
      to.set(JAVA_SHORT_UNALIGNED, toAt + 2L * i, Float.floatToFloat16(sum));
    }
  }

  private static void step(
      short[] row, float[] gradient, float rate, MemorySegment to, long toAt, int width) {
    for (int i = 0; i < width; i++) {
      float moved = Float.float16ToFloat(row[i]) - rate * gradient[i];
      to.set(JAVA_SHORT_UNALIGNED, toAt + 2L * i, Float.floatToFloat16(moved));
    }
  }
}
