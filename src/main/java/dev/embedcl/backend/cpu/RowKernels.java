package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;

/**
 * The innermost loops, over rows of float32. All offsets are in bytes. Two implementations give the
 * same bits: per column the same additions in the same order, no fused multiply-add.
 *
 * <p>Each thread has an instance of its own, which may hold working memory.
 */
interface RowKernels {
  /**
   * Most rows that are written at once: several of them on their way from memory at a time hide
   * each other's latency.
   */
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

  /**
   * Sums multiples of rows, each product rounded, starting from the first and adding the others one
   * after the other: {@code to[toAt + d] = Σ scales[i] * rows[rowAt[i] + d]}.
   *
   * @param rowAt where the rows start; the first {@code count} are taken
   * @param count at least 1
   */
  void sumScaled(
      MemorySegment rows,
      long[] rowAt,
      float[] scales,
      int count,
      MemorySegment to,
      long toAt,
      int columns);

  /**
   * Adds rows to as many others: {@code to[toAt[i] + d] += rows[rowAt[i] + d]} for i below {@code
   * count}. No two of the targets are the same.
   *
   * @param count from 1 to {@link #ROWS}
   */
  void add(MemorySegment rows, long[] rowAt, int count, MemorySegment to, long[] toAt, int columns);

  /**
   * Subtracts multiples of rows: {@code to[toAt[i] + d] -= rate * rows[rowAt[i] + d]} for i below
   * {@code count}, each product rounded before it is subtracted. No two of the targets are the
   * same.
   *
   * @param count from 1 to {@link #ROWS}
   */
  void step(
      MemorySegment rows,
      long[] rowAt,
      int count,
      float rate,
      MemorySegment to,
      long[] toAt,
      int columns);

  /** Returns the loops of bags. */
  BagKernels bags();

  /** Returns the loops of the optimizers for tables of a type. */
  UpdateKernels updates(DType table);

  /** Returns what converts rows of any storage type. */
  RowStorage storage();
}
