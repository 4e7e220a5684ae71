package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;

/**
 * The loops without the Vector API.
 *
 * <p>The compiler vectorizes loops over arrays, but not loops that read one memory segment and
 * write another, which might overlap. Where four rows can be read at a time, scalar loops keep up
 * all the same, for memory is what they wait for. Single rows pass through arrays that stay in the
 * first-level cache: the copies cost less than scalar arithmetic would.
 */
final class PlainRowKernels implements RowKernels {
  /** Columns that are worked on at a time. */
  private static final int STRIP = 512;

  private final float[] one = new float[STRIP];
  private final float[] other = new float[STRIP];
  private final PlainBagKernels bags = new PlainBagKernels();
  private final RowStorage storage =
      new RowStorage(new PlainBfloat16Loops(), new PlainQuantizedLoops());
  private final PlainUpdateKernels updates = new PlainUpdateKernels(storage);

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
    if (count == ROWS) {
      addToFour(rows, rowAt, common, commonAt, to, toAt, columns);
      return;
    }
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long d = 4L * first;
      MemorySegment.copy(common, JAVA_FLOAT_UNALIGNED, commonAt + d, other, 0, width);
      for (int i = 0; i < count; i++) {
        MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt[i] + d, one, 0, width);
        add(one, other, width);
        MemorySegment.copy(one, 0, to, JAVA_FLOAT_UNALIGNED, toAt[i] + d, width);
      }
    }
  }

  private static void addToFour(
      MemorySegment rows,
      long[] rowAt,
      MemorySegment common,
      long commonAt,
      MemorySegment to,
      long[] toAt,
      int columns) {
    final long row0 = rowAt[0];
    final long row1 = rowAt[1];
    final long row2 = rowAt[2];
    final long row3 = rowAt[3];
    final long to0 = toAt[0];
    final long to1 = toAt[1];
    final long to2 = toAt[2];
    final long to3 = toAt[3];
    for (long d = 0; d < 4L * columns; d += 4) {
      float added = common.get(JAVA_FLOAT_UNALIGNED, commonAt + d);
      float sum0 = rows.get(JAVA_FLOAT_UNALIGNED, row0 + d) + added;
      float sum1 = rows.get(JAVA_FLOAT_UNALIGNED, row1 + d) + added;
      float sum2 = rows.get(JAVA_FLOAT_UNALIGNED, row2 + d) + added;
      float sum3 = rows.get(JAVA_FLOAT_UNALIGNED, row3 + d) + added;
      to.set(JAVA_FLOAT_UNALIGNED, to0 + d, sum0);
      to.set(JAVA_FLOAT_UNALIGNED, to1 + d, sum1);
      to.set(JAVA_FLOAT_UNALIGNED, to2 + d, sum2);
      to.set(JAVA_FLOAT_UNALIGNED, to3 + d, sum3);
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
      addOne(rows, rowAt[i], to, toAt, columns);
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
  public void sumScaled(
      MemorySegment rows,
      long[] rowAt,
      float[] scales,
      int count,
      MemorySegment to,
      long toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long d = 4L * first;
      MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt[0] + d, one, 0, width);
      scale(one, scales[0], width);
      for (int i = 1; i < count; i++) {
        MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt[i] + d, other, 0, width);
        scale(other, scales[i], width);
        add(one, other, width);
      }
      MemorySegment.copy(one, 0, to, JAVA_FLOAT_UNALIGNED, toAt + d, width);
    }
  }

  @Override
  public BagKernels bags() {
    return bags;
  }

  @Override
  public UpdateKernels updates(DType table) {
    return updates;
  }

  @Override
  public RowStorage storage() {
    return storage;
  }

  @Override
  public void add(
      MemorySegment rows, long[] rowAt, int count, MemorySegment to, long[] toAt, int columns) {
    for (int i = 0; i < count; i++) {
      addOne(rows, rowAt[i], to, toAt[i], columns);
    }
  }

  private void addOne(MemorySegment rows, long rowAt, MemorySegment to, long toAt, int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long d = 4L * first;
      MemorySegment.copy(to, JAVA_FLOAT_UNALIGNED, toAt + d, one, 0, width);
      MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt + d, other, 0, width);
      add(one, other, width);
      MemorySegment.copy(one, 0, to, JAVA_FLOAT_UNALIGNED, toAt + d, width);
    }
  }

  @Override
  public void step(
      MemorySegment rows,
      long[] rowAt,
      int count,
      float rate,
      MemorySegment to,
      long[] toAt,
      int columns) {
    for (int i = 0; i < count; i++) {
      for (int first = 0; first < columns; first += STRIP) {
        int width = Math.min(STRIP, columns - first);
        long d = 4L * first;
        MemorySegment.copy(to, JAVA_FLOAT_UNALIGNED, toAt[i] + d, one, 0, width);
        MemorySegment.copy(rows, JAVA_FLOAT_UNALIGNED, rowAt[i] + d, other, 0, width);
        step(one, other, rate, width);
        MemorySegment.copy(one, 0, to, JAVA_FLOAT_UNALIGNED, toAt[i] + d, width);
      }
    }
  }

  private static void add(float[] to, float[] row, int width) {
    for (int i = 0; i < width; i++) {
      to[i] += row[i];
    }
  }

  private static void scale(float[] row, float scale, int width) {
    for (int i = 0; i < width; i++) {
      row[i] *= scale;
    }
  }

  private static void step(float[] to, float[] row, float rate, int width) {
    for (int i = 0; i < width; i++) {
      to[i] -= rate * row[i];
    }
  }
}
