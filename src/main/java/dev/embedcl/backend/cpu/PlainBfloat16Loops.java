package dev.embedcl.backend.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The loops over bfloat16 without the Vector API: in integers, through an array of their own, for
 * the compiler vectorizes no loop that takes floats for integers.
 */
final class PlainBfloat16Loops implements RowStorage.Bfloat16Loops {
  private static final int INFINITY = 0x7f800000;

  private final int[] bits = new int[RowStorage.STRIP];
  private final float[] sums = new float[RowStorage.STRIP];
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
  public void add(short[] to, float[] added, int width) {
    widen(to, sums, width);
    for (int i = 0; i < width; i++) {
      sums[i] += added[i];
    }
    narrow(sums, to, width);
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
