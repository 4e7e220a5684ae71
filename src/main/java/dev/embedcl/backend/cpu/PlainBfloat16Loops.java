package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * The loops over bfloat16 without the Vector API: in integers, through an array of their own, for
 * the compiler vectorizes no loop that takes floats for integers.
 */
final class PlainBfloat16Loops implements RowStorage.Bfloat16Loops {
  private static final int INFINITY = 0x7f800000;

  private final int[] bits = new int[RowStorage.STRIP];
  private final float[] sums = new float[RowStorage.STRIP];
  private final float[] others = new float[RowStorage.STRIP];
  private final short[] narrow = new short[RowStorage.STRIP];
  private final MemorySegment bitsSegment = MemorySegment.ofArray(bits);

  @Override
  public void widen(short[] from, float[] to, int width) {
    shiftUp(from, bits, width);
    MemorySegment.copy(bitsSegment, 0, MemorySegment.ofArray(to), 0, 4L * width);
  }

  @Override
  public void narrow(float[] from, short[] to, int width) {
    MemorySegment.copy(MemorySegment.ofArray(from), 0, bitsSegment, 0, 4L * width);
    if (largestMagnitude(bits, width) > INFINITY) {
      quietNans(bits, width);
    }
    round(bits, width);
    takeLow(bits, to, width);
  }

  @Override
  public void addToRows(
      MemorySegment rows,
      long[] rowAt,
      int count,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns) {
    for (int first = 0; first < columns; first += RowStorage.STRIP) {
      int width = Math.min(RowStorage.STRIP, columns - first);
      long d = 2L * first;
      MemorySegment.copy(common, JAVA_SHORT_UNALIGNED, commonAt + d, narrow, 0, width);
      widen(narrow, others, width);
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(rows, JAVA_SHORT_UNALIGNED, rowAt[i] + d, narrow, 0, width);
        widen(narrow, sums, width);
        add(sums, others, width);
        narrow(sums, narrow, width);
        MemorySegment.copy(narrow, 0, to, JAVA_SHORT_UNALIGNED, toAt[i] + d, width);
      }
    }
  }

  @Override
  public void step(
      MemorySegment rows,
      long[] rowAt,
      int count,
      float rate,
      MemorySegment to,
      long[] toAt,
      int columns) {
    for (int first = 0; first < columns; first += RowStorage.STRIP) {
      int width = Math.min(RowStorage.STRIP, columns - first);
      long d = 2L * first;
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(to, JAVA_SHORT_UNALIGNED, toAt[i] / 2 + d, narrow, 0, width);
        widen(narrow, sums, width);
        MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt[i] + 2 * d, others, 0, width);
        step(sums, others, rate, width);
        narrow(sums, narrow, width);
        MemorySegment.copy(narrow, 0, to, JAVA_SHORT_UNALIGNED, toAt[i] / 2 + d, width);
      }
    }
  }

  private static void add(float[] to, float[] row, int width) {
    for (int i = 0; i < width; i++) {
      to[i] += row[i];
    }
  }

  private static void step(float[] to, float[] row, float rate, int width) {
    for (int i = 0; i < width; i++) {
      to[i] -= rate * row[i];
    }
  }

  private static void shiftUp(short[] from, int[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = from[i] << 16;
    }
  }

  private static int largestMagnitude(int[] bits, int width) {
    int largest = 0;
    for (int i = 0; i < width; i++) {
      largest = Math.max(largest, bits[i] & 0x7fffffff);
    }
    return largest;
  }

  /** Makes all NaNs one that no rounding turns into another number. */
  private static void quietNans(int[] bits, int width) {
    for (int i = 0; i < width; i++) {
      if ((bits[i] & 0x7fffffff) > INFINITY) {
        bits[i] = 0x7fc00000;
      }
    }
  }

  private static void round(int[] bits, int width) {
    for (int i = 0; i < width; i++) {
      bits[i] = (bits[i] + 0x7fff + ((bits[i] >>> 16) & 1)) >>> 16;
    }
  }

  private static void takeLow(int[] from, short[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = (short) from[i];
    }
  }
}
