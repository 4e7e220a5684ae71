package dev.embedcl.op;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Factors of the contributions of {@link IndexGroups}, in their order; none until one is asked. */
final class ContributionScales {
  private float[] values = new float[0];
  private int count;
  private boolean present;

  /** Forgets all scales. */
  void clear() {
    present = false;
  }

  boolean isPresent() {
    return present;
  }

  float get(int i) {
    return values[i];
  }

  /** Returns all scales; empty where there are none. */
  MemorySegment segment() {
    return MemorySegment.ofArray(values)
        .asSlice(0, present ? (long) count * Float.BYTES : 0)
        .asReadOnly();
  }

  /** Multiplies the scale of each contribution by one of its position's. */
  void multiply(float[] scaleOfPosition, int[] positions, int count) {
    start(count);
    for (int i = 0; i < count; i++) {
      values[i] *= scaleOfPosition[positions[i]];
    }
  }

  /** Divides each contribution by how many there are to its row. */
  void divideByFrequency(int[] keys, int count) {
    start(count);
    for (int begin = 0; begin < count; ) {
      int end = BlockCut.endOfRow(keys, begin, count);
      float scale = (float) (1.0 / (end - begin));
      for (int i = begin; i < end; i++) {
        values[i] *= scale;
      }
      begin = end;
    }
  }

  private void start(int count) {
    if (present) {
      return;
    }
    if (values.length < count) {
      values = new float[count];
    }
    Arrays.fill(values, 0, count, 1);
    this.count = count;
    present = true;
  }
}
