package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * Sums of rows as vectors. Rows are added one after the other, but passed four at a time, each from
 * its beginning to its end: few streams of memory are read at once, which the processor can
 * foresee. The sum itself stays in the nearest cache.
 */
final class VectorRowSums {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final long VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  /** Vectors of a sum that are kept in registers while its rows pass by. */
  private static final int STRIP = 4;

  /** Rows that are passed at a time. */
  private static final int IN_FLIGHT = 4;

  /** Columns of rows that are all passed at once, a few vectors at a time. */
  private static final int SHORT_ROW = 256;

  private VectorRowSums() {}

  /** As {@link RowKernels#sum}. */
  static void sum(
      MemorySegment rows, long[] rowAt, int count, MemorySegment to, long toAt, int columns) {
    // Short rows are over before the processor foresees them: then many at once hide the latency.
    int done = columns <= SHORT_ROW ? count : Math.min(count, IN_FLIGHT);
    sumFew(rows, rowAt, done, to, toAt, columns);
    for (; done <= count - IN_FLIGHT; done += IN_FLIGHT) {
      addFourInOrder(rows, rowAt, done, to, toAt, columns);
    }
    for (; done < count; done++) {
      addOne(rows, rowAt[done], to, toAt, columns);
    }
  }

  private static void sumFew(
      MemorySegment rows, long[] rowAt, int count, MemorySegment to, long toAt, int columns) {
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - STRIP * VECTOR_BYTES; d += STRIP * VECTOR_BYTES) {
      long first = rowAt[0] + d;
      FloatVector sum0 = FloatVector.fromMemorySegment(SPECIES, rows, first, ORDER);
      FloatVector sum1 = FloatVector.fromMemorySegment(SPECIES, rows, first + VECTOR_BYTES, ORDER);
      FloatVector sum2 =
          FloatVector.fromMemorySegment(SPECIES, rows, first + 2 * VECTOR_BYTES, ORDER);
      FloatVector sum3 =
          FloatVector.fromMemorySegment(SPECIES, rows, first + 3 * VECTOR_BYTES, ORDER);
      for (int i = 1; i < count; i++) {
        long next = rowAt[i] + d;
        sum0 = sum0.add(FloatVector.fromMemorySegment(SPECIES, rows, next, ORDER));
        sum1 = sum1.add(FloatVector.fromMemorySegment(SPECIES, rows, next + VECTOR_BYTES, ORDER));
        sum2 =
            sum2.add(FloatVector.fromMemorySegment(SPECIES, rows, next + 2 * VECTOR_BYTES, ORDER));
        sum3 =
            sum3.add(FloatVector.fromMemorySegment(SPECIES, rows, next + 3 * VECTOR_BYTES, ORDER));
      }
      sum0.intoMemorySegment(to, toAt + d, ORDER);
      sum1.intoMemorySegment(to, toAt + d + VECTOR_BYTES, ORDER);
      sum2.intoMemorySegment(to, toAt + d + 2 * VECTOR_BYTES, ORDER);
      sum3.intoMemorySegment(to, toAt + d + 3 * VECTOR_BYTES, ORDER);
    }
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector sum = FloatVector.fromMemorySegment(SPECIES, rows, rowAt[0] + d, ORDER);
      for (int i = 1; i < count; i++) {
        sum = sum.add(FloatVector.fromMemorySegment(SPECIES, rows, rowAt[i] + d, ORDER));
      }
      sum.intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float sum = rows.get(JAVA_FLOAT_UNALIGNED, rowAt[0] + d);
      for (int i = 1; i < count; i++) {
        sum += rows.get(JAVA_FLOAT_UNALIGNED, rowAt[i] + d);
      }
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  /**
   * Adds four rows to a sum, one after the other. Whole rows at a time, so that few streams of
   * memory are read at once; the sum stays in the nearest cache.
   */
  private static void addFourInOrder(
      MemorySegment rows, long[] rowAt, int first, MemorySegment to, long toAt, int columns) {
    final long row0 = rowAt[first];
    final long row1 = rowAt[first + 1];
    final long row2 = rowAt[first + 2];
    final long row3 = rowAt[first + 3];
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, to, toAt + d, ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row0 + d, ORDER))
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row1 + d, ORDER))
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row2 + d, ORDER))
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row3 + d, ORDER))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float sum = to.get(JAVA_FLOAT_UNALIGNED, toAt + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row0 + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row1 + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row2 + d);
      sum += rows.get(JAVA_FLOAT_UNALIGNED, row3 + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  private static void addOne(
      MemorySegment rows, long rowAt, MemorySegment to, long toAt, int columns) {
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, to, toAt + d, ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float sum = to.get(JAVA_FLOAT_UNALIGNED, toAt + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum + rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d));
    }
  }

  /** As {@link RowKernels#sumScaled}. */
  static void sumScaled(
      MemorySegment rows,
      long[] rowAt,
      float[] scales,
      int count,
      MemorySegment to,
      long toAt,
      int columns) {
    scaleOne(rows, rowAt[0], scales[0], to, toAt, columns);
    int done = 1;
    for (; done <= count - IN_FLIGHT; done += IN_FLIGHT) {
      addFourScaled(rows, rowAt, scales, done, to, toAt, columns);
    }
    for (; done < count; done++) {
      addOneScaled(rows, rowAt[done], scales[done], to, toAt, columns);
    }
  }

  /** As {@link #addFourInOrder}, each row multiplied by its scale first. */
  private static void addFourScaled(
      MemorySegment rows,
      long[] rowAt,
      float[] scales,
      int first,
      MemorySegment to,
      long toAt,
      int columns) {
    final long row0 = rowAt[first];
    final long row1 = rowAt[first + 1];
    final long row2 = rowAt[first + 2];
    final long row3 = rowAt[first + 3];
    final float scale0 = scales[first];
    final float scale1 = scales[first + 1];
    final float scale2 = scales[first + 2];
    final float scale3 = scales[first + 3];
    final FloatVector scales0 = FloatVector.broadcast(SPECIES, scale0);
    final FloatVector scales1 = FloatVector.broadcast(SPECIES, scale1);
    final FloatVector scales2 = FloatVector.broadcast(SPECIES, scale2);
    final FloatVector scales3 = FloatVector.broadcast(SPECIES, scale3);
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, to, toAt + d, ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row0 + d, ORDER).mul(scales0))
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row1 + d, ORDER).mul(scales1))
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row2 + d, ORDER).mul(scales2))
          .add(FloatVector.fromMemorySegment(SPECIES, rows, row3 + d, ORDER).mul(scales3))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float sum = to.get(JAVA_FLOAT_UNALIGNED, toAt + d);
      sum += scale0 * rows.get(JAVA_FLOAT_UNALIGNED, row0 + d);
      sum += scale1 * rows.get(JAVA_FLOAT_UNALIGNED, row1 + d);
      sum += scale2 * rows.get(JAVA_FLOAT_UNALIGNED, row2 + d);
      sum += scale3 * rows.get(JAVA_FLOAT_UNALIGNED, row3 + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  private static void scaleOne(
      MemorySegment rows, long rowAt, float scale, MemorySegment to, long toAt, int columns) {
    final FloatVector scales = FloatVector.broadcast(SPECIES, scale);
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER)
          .mul(scales)
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, scale * rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d));
    }
  }

  private static void addOneScaled(
      MemorySegment rows, long rowAt, float scale, MemorySegment to, long toAt, int columns) {
    final FloatVector scales = FloatVector.broadcast(SPECIES, scale);
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, to, toAt + d, ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER).mul(scales))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float sum = to.get(JAVA_FLOAT_UNALIGNED, toAt + d);
      to.set(
          JAVA_FLOAT_UNALIGNED, toAt + d, sum + scale * rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d));
    }
  }
}
