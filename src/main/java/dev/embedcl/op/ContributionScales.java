package dev.embedcl.op;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Factors of the contributions of {@link IndexGroups}, in their order; none until one is asked. In
 * float32, which devices take, or in float64 beside tables of that type.
 */
final class ContributionScales {
  private final boolean wide;
  private float[] values = new float[0];
  private double[] wideValues = new double[0];
  private int count;
  private boolean present;

  ContributionScales(boolean wide) {
    this.wide = wide;
  }

  DType type() {
    return wide ? DType.FLOAT64 : DType.FLOAT32;
  }

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

  double getWide(int i) {
    return wideValues[i];
  }

  /** Returns all scales; empty where there are none. */
  MemorySegment segment() {
    return MemorySegment.ofArray(values)
        .asSlice(0, present ? (long) count * Float.BYTES : 0)
        .asReadOnly();
  }

  /** Multiplies the scale of each contribution by one of its position's. */
  void multiply(float[] scaleOfPosition, int[] positions, int count) {
    require(!wide);
    start(count);
    for (int i = 0; i < count; i++) {
      values[i] *= scaleOfPosition[positions[i]];
    }
  }

  /** Does as the other, in float64. */
  void multiply(double[] scaleOfPosition, int[] positions, int count) {
    require(wide);
    start(count);
    for (int i = 0; i < count; i++) {
      wideValues[i] *= scaleOfPosition[positions[i]];
    }
  }

  /** Divides each contribution by how many there are to its row. */
  void divideByFrequency(int[] keys, int count) {
    start(count);
    for (int begin = 0; begin < count; ) {
      int end = BlockCut.endOfRow(keys, begin, count);
      double scale = 1.0 / (end - begin);
      if (wide) {
        for (int i = begin; i < end; i++) {
          wideValues[i] *= scale;
        }
      } else {
        float narrow = (float) scale;
        for (int i = begin; i < end; i++) {
          values[i] *= narrow;
        }
      }
      begin = end;
    }
  }

  private void start(int count) {
    if (present) {
      return;
    }
    if (wide) {
      wideValues = wideValues.length < count ? new double[count] : wideValues;
      Arrays.fill(wideValues, 0, count, 1);
    } else {
      values = values.length < count ? new float[count] : values;
      Arrays.fill(values, 0, count, 1);
    }
    this.count = count;
    present = true;
  }

  private void require(boolean rightType) {
    if (!rightType) {
      throw new IllegalArgumentException(
          "these groups keep scales of " + type() + "; give numbers of that type");
    }
  }
}
