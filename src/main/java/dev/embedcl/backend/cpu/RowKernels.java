package dev.embedcl.backend.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The innermost loops, over rows of float32. All offsets are in bytes. Two implementations give the
 * same bits: per column the same additions in the same order, no fused multiply-add.
 */
interface RowKernels {
  /** Most rows that {@link #addToRows} takes at once. */
  int ROWS = 4;

  /** What becomes of a sum of rows. */
  enum Finish {
    /** {@code to = sum}. */
    STORE,
    /** {@code to = to + sum}. */
    ADD,
    /** {@code to = to - rate * sum}, the product rounded before it is subtracted. */
    STEP
  }

  /**
   * Adds one row to several: {@code to[toAt[i] + d] = rows[rowAt[i] + d] + common[commonAt + d]} for
   * i below {@code count}.
   *
   * @param count from 1 to {@link #ROWS}
   */
  void addToRows(
      MemorySegment rows,
      long[] rowAt,
      int count,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns);

  /**
   * Sums rows, starting from the first and adding the others one after the other, and puts the sum
   * where {@code finish} says.
   *
   * @param rowAt where the rows start; the first {@code count} are taken
   * @param count at least 1
   * @param rate used by {@link Finish#STEP} only
   */
  void sum(
      MemorySegment rows,
      long[] rowAt,
      int count,
      Finish finish,
      float rate,
      MemorySegment to,
      long toAt,
      int columns);
}
