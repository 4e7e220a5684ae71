package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/** The loops without the Vector API. */
final class PlainRowKernels implements RowKernels {

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
    for (int i = 0; i < count; i++) {
      addToOne(rows, rowAt[i], common, commonAt, to, toAt[i], columns);
    }
  }

  private static void addToOne(
      MemorySegment rows,
      long rowAt,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long toAt,
      int columns) {
    for (long d = 0; d < 4L * columns; d += 4) {
      float sum =
          rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d)
              + common.get(JAVA_FLOAT_UNALIGNED, commonAt + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  @Override
  public void sum(
      MemorySegment rows, long[] rowAt, int count, MemorySegment to, long toAt, int columns) {
    MemorySegment.copy(rows, rowAt[0], to, toAt, 4L * columns);
    int i = 1;
    for (; i <= count - ROWS; i += ROWS) {
      addFour(rows, rowAt, i, to, toAt, columns);
    }
    for (; i < count; i++) {
      add(rows, rowAt[i], to, toAt, columns);
    }
  }

  private static void addFour(
      MemorySegment rows, long[] rowAt, int first, MemorySegment to, long toAt, int columns) {
    final long row0 = rowAt[first];
    final long row1 = rowAt[first + 1];
    final long row2 = rowAt[first + 2];
    final long row3 = rowAt[first + 3];
    for (long d = 0; d < 4L * columns; d += 4) {
      float sum = to.get(JAVA_FLOAT_UNALIGNED, toAt + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row0 + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row1 + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row2 + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row3 + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  @Override
  public void add(MemorySegment rows, long rowAt, MemorySegment to, long toAt, int columns) {
    for (long d = 0; d < 4L * columns; d += 4) {
      float sum =
          to.get(JAVA_FLOAT_UNALIGNED, toAt + d) + rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  @Override
  public void step(
      MemorySegment rows, long rowAt, float rate, MemorySegment to, long toAt, int columns) {
    for (long d = 0; d < 4L * columns; d += 4) {
      float change = rate * rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, to.get(JAVA_FLOAT_UNALIGNED, toAt + d) - change);
    }
  }
}
