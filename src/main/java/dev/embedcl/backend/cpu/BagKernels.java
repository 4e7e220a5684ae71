package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;

/**
 * The loops that only bags need, over rows of float32. All offsets are in bytes. Two
 * implementations give the same bits.
 */
interface BagKernels {
  ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED;
  ValueLayout.OfInt INT = JAVA_INT_UNALIGNED;

  /** Divides a row in place. */
  void divide(MemorySegment rows, long rowAt, float divisor, int columns);

  /**
   * Takes in each column the greatest of several rows, and the position of the row that it came
   * from; of equal ones, the first.
   *
   * @param rowAt where the rows start; the first {@code count} are taken
   * @param positions of the rows
   * @param count at least 1
   * @param begin whether the first row is taken as it is; else the rows have to be greater than
   *     what {@code to} holds
   * @param winners the positions, as many bytes wide as {@code to} and laid out alike
   */
  void max(
      MemorySegment rows,
      long[] rowAt,
      int[] positions,
      int count,
      boolean begin,
      MemorySegment to,
      MemorySegment winners,
      long toAt,
      int columns);

  /**
   * Sums rows as {@link RowKernels#sum} does, or multiples of rows as {@link RowKernels#sumScaled}
   * does, with zeros in place of the columns that a row did not win.
   *
   * @param winners the positions that won, laid out as {@code rows}
   * @param positions of the rows
   * @param scales of the rows, or null for none
   */
  void sumWon(
      MemorySegment rows,
      MemorySegment winners,
      long[] rowAt,
      int[] positions,
      float @Nullable [] scales,
      int count,
      MemorySegment to,
      long toAt,
      int columns);

  /**
   * Returns the sum of the products of two rows, in the order of {@link
   * dev.embedcl.op.PerSampleWeightsGradient}.
   */
  float dot(MemorySegment rows, long rowAt, MemorySegment others, long otherAt, int columns);
}
