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
      long from = rowAt[i];
      long target = toAt[i];
      for (long d = 0; d < 4L * columns; d += 4) {
        to.set(
            JAVA_FLOAT_UNALIGNED,
            target + d,
            rows.get(JAVA_FLOAT_UNALIGNED, from + d)
                + common.get(JAVA_FLOAT_UNALIGNED, commonAt + d));
      }
    }
  }

  @Override
  public void sum(
      MemorySegment rows,
      long[] rowAt,
      int count,
      Finish finish,
      float rate,
      MemorySegment to,
      long toAt,
      int columns) {
    for (long d = 0; d < 4L * columns; d += 4) {
      float sum = rows.get(JAVA_FLOAT_UNALIGNED, rowAt[0] + d);
      for (int i = 1; i < count; i++) {
        sum += rows.get(JAVA_FLOAT_UNALIGNED, rowAt[i] + d);
      }
      finish(finish, sum, rate, to, toAt + d);
    }
  }

  static void finish(Finish finish, float sum, float rate, MemorySegment to, long at) {
    switch (finish) {
      case STORE -> to.set(JAVA_FLOAT_UNALIGNED, at, sum);
      case ADD -> to.set(JAVA_FLOAT_UNALIGNED, at, to.get(JAVA_FLOAT_UNALIGNED, at) + sum);
      case STEP -> to.set(JAVA_FLOAT_UNALIGNED, at, to.get(JAVA_FLOAT_UNALIGNED, at) - rate * sum);
    }
  }
}
