package dev.embedcl.backend.cpu;

import dev.embedcl.op.PerSampleWeightsGradient;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** The loops of bags without the Vector API. */
final class PlainBagKernels implements BagKernels {
  private static final int LANES = PerSampleWeightsGradient.LANES;

  private final float[] lanes = new float[LANES];

  @Override
  public void divide(MemorySegment rows, long rowAt, float divisor, int columns) {
    divide(rows, rowAt, divisor, 0, columns);
  }

  @Override
  public void max(
      MemorySegment rows,
      long[] rowAt,
      int[] positions,
      int count,
      boolean begin,
      MemorySegment to,
      MemorySegment winners,
      long toAt,
      int columns) {
    max(rows, rowAt, positions, count, begin, to, winners, toAt, 0, columns);
  }

  @Override
  public void sumWon(
      MemorySegment rows,
      MemorySegment winners,
      long[] rowAt,
      int[] positions,
      float @Nullable [] scales,
      int count,
      MemorySegment to,
      long toAt,
      int columns) {
    sumWon(rows, winners, rowAt, positions, scales, count, to, toAt, 0, columns);
  }

  @Override
  public float dot(
      MemorySegment rows, long rowAt, MemorySegment others, long otherAt, int columns) {
    Arrays.fill(lanes, 0);
    addProducts(lanes, rows, rowAt, others, otherAt, 0, columns);
    return UpdateKernels.addLanes(lanes);
  }

  /** Divides the columns from {@code first} on. */
  static void divide(MemorySegment rows, long rowAt, float divisor, int first, int columns) {
    for (int c = first; c < columns; c++) {
      long at = rowAt + 4L * c;
      rows.set(FLOAT, at, rows.get(FLOAT, at) / divisor);
    }
  }

  /** Does as the other {@code max} for the columns from {@code first} on. */
  static void max(
      MemorySegment rows,
      long[] rowAt,
      int[] positions,
      int count,
      boolean begin,
      MemorySegment to,
      MemorySegment winners,
      long toAt,
      int first,
      int columns) {
    for (int c = first; c < columns; c++) {
      long d = 4L * c;
      float best = begin ? rows.get(FLOAT, rowAt[0] + d) : to.get(FLOAT, toAt + d);
      int winner = begin ? positions[0] : winners.get(INT, toAt + d);
      for (int i = begin ? 1 : 0; i < count; i++) {
        float x = rows.get(FLOAT, rowAt[i] + d);
        // Not Math.max: what is not greater, NaN and equal numbers, is passed over.
        if (x > best) {
          best = x;
          winner = positions[i];
        }
      }
      to.set(FLOAT, toAt + d, best);
      winners.set(INT, toAt + d, winner);
    }
  }

  /** Does as the other {@code sumWon} for the columns from {@code first} on. */
  static void sumWon(
      MemorySegment rows,
      MemorySegment winners,
      long[] rowAt,
      int[] positions,
      float @Nullable [] scales,
      int count,
      MemorySegment to,
      long toAt,
      int first,
      int columns) {
    for (int c = first; c < columns; c++) {
      long d = 4L * c;
      float sum = 0;
      for (int i = 0; i < count; i++) {
        float x =
            winners.get(INT, rowAt[i] + d) == positions[i] ? rows.get(FLOAT, rowAt[i] + d) : 0;
        if (scales != null) {
          x *= scales[i];
        }
        sum = i == 0 ? x : sum + x;
      }
      to.set(FLOAT, toAt + d, sum);
    }
  }

  /** Adds the products of the columns from {@code first} on to their lanes. */
  static void addProducts(
      float[] lanes,
      MemorySegment rows,
      long rowAt,
      MemorySegment others,
      long otherAt,
      int first,
      int columns) {
    for (int c = first; c < columns; c++) {
      long d = 4L * c;
      lanes[c % LANES] += rows.get(FLOAT, rowAt + d) * others.get(FLOAT, otherAt + d);
    }
  }
}
