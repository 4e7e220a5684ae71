package dev.embedcl.backend.cpu;

import java.lang.foreign.MemorySegment;

/**
 * The innermost loops, over rows of float32. All offsets are in bytes. Two implementations give the
 * same bits: per column the same additions in the same order, no fused multiply-add.
 */
interface RowKernels {
  /** Most rows that {@link #addToRows} takes at once. */
  int ROWS = 4;

  /**
   * Adds one row to several: {@code to[toAt[i] + d] = rows[rowAt[i] + d] + common[commonAt + d]}
   * for i below {@code count}.
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
   * Sums rows, starting from the first and adding the others one after the other: {@code to[toAt +
   * d] = Σ rows[rowAt[i] + d]}.
   *
   * @param rowAt where the rows start; the first {@code count} are taken
   * @param count at least 1
   */
  void sum(MemorySegment rows, long[] rowAt, int count, MemorySegment to, long toAt, int columns);

  /** Adds one row to another: {@code to[toAt + d] += rows[rowAt + d]}. */
  void add(MemorySegment rows, long rowAt, MemorySegment to, long toAt, int columns);

  /**
   * {@code to[toAt + d] -= rate * rows[rowAt + d]}, the product rounded before it is subtracted.
   */
  void step(MemorySegment rows, long rowAt, float rate, MemorySegment to, long toAt, int columns);
}
