package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops with the Vector API. Loaded only where the module {@code jdk.incubator.vector} is
 * there.
 *
 * <p>Each lane does what the plain loops do for its column. Columns that fill no vector are left to
 * scalar code. Loops count in {@code long}, which the compiler optimises for memory segments as it
 * does {@code int} for arrays, and no vector outlives an iteration, so that none is allocated.
 *
 * <p>Vectors come straight from the Vector API, never from a method of ours, here and in the other
 * classes of its loops. The compiler inlines the API always, but a method that returns a vector
 * only while it has not compiled that method by itself into too much code: then each call makes an
 * object, for the life of the process, which happened in 2 of some 50 processes on a busy machine.
 */
final class VectorRowKernels implements RowKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final long VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final VectorBagKernels bags = new VectorBagKernels();
  private final RowStorage storage =
      new RowStorage(new VectorBfloat16Loops(), new VectorQuantizedLoops());
  private final PlainUpdateKernels plainUpdates = new PlainUpdateKernels(storage);
  private final VectorUpdateKernels updates = new VectorUpdateKernels(plainUpdates);

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
    } else {
      for (int i = 0; i < count; i++) {
        addToOne(rows, rowAt[i], common, commonAt, to, toAt[i], columns);
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
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector added = FloatVector.fromMemorySegment(SPECIES, common, commonAt + d, ORDER);
      FloatVector sum0 = FloatVector.fromMemorySegment(SPECIES, rows, row0 + d, ORDER).add(added);
      FloatVector sum1 = FloatVector.fromMemorySegment(SPECIES, rows, row1 + d, ORDER).add(added);
      FloatVector sum2 = FloatVector.fromMemorySegment(SPECIES, rows, row2 + d, ORDER).add(added);
      FloatVector sum3 = FloatVector.fromMemorySegment(SPECIES, rows, row3 + d, ORDER).add(added);
      sum0.intoMemorySegment(to, to0 + d, ORDER);
      sum1.intoMemorySegment(to, to1 + d, ORDER);
      sum2.intoMemorySegment(to, to2 + d, ORDER);
      sum3.intoMemorySegment(to, to3 + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float added = common.get(JAVA_FLOAT_UNALIGNED, commonAt + d);
      to.set(JAVA_FLOAT_UNALIGNED, to0 + d, rows.get(JAVA_FLOAT_UNALIGNED, row0 + d) + added);
      to.set(JAVA_FLOAT_UNALIGNED, to1 + d, rows.get(JAVA_FLOAT_UNALIGNED, row1 + d) + added);
      to.set(JAVA_FLOAT_UNALIGNED, to2 + d, rows.get(JAVA_FLOAT_UNALIGNED, row2 + d) + added);
      to.set(JAVA_FLOAT_UNALIGNED, to3 + d, rows.get(JAVA_FLOAT_UNALIGNED, row3 + d) + added);
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
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER)
          .add(FloatVector.fromMemorySegment(SPECIES, common, commonAt + d, ORDER))
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      float sum =
          rows.get(JAVA_FLOAT_UNALIGNED, rowAt + d)
              + common.get(JAVA_FLOAT_UNALIGNED, commonAt + d);
      to.set(JAVA_FLOAT_UNALIGNED, toAt + d, sum);
    }
  }

  @Override
  public void sum(
      MemorySegment rows, long[] rowAt, int count, MemorySegment to, long toAt, int columns) {
    VectorRowSums.sum(rows, rowAt, count, to, toAt, columns);
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
    VectorRowSums.sumScaled(rows, rowAt, scales, count, to, toAt, columns);
  }

  @Override
  public BagKernels bags() {
    return bags;
  }

  @Override
  public UpdateKernels updates(DType table) {
    // Rows of 16 bits pass through arrays, over which the plain loops are vectors too.
    return table == DType.FLOAT32 ? updates : plainUpdates;
  }

  @Override
  public RowStorage storage() {
    return storage;
  }

  @Override
  public void add(
      MemorySegment rows, long[] rowAt, int count, MemorySegment to, long[] toAt, int columns) {
    if (count == ROWS) {
      addFour(rows, rowAt, to, toAt, columns);
    } else {
      for (int i = 0; i < count; i++) {
        addToOne(rows, rowAt[i], to, toAt[i], to, toAt[i], columns);
      }
    }
  }

  private static void addFour(
      MemorySegment rows, long[] rowAt, MemorySegment to, long[] toAt, int columns) {
    final long row0 = rowAt[0];
    final long row1 = rowAt[1];
    final long row2 = rowAt[2];
    final long row3 = rowAt[3];
    final long to0 = toAt[0];
    final long to1 = toAt[1];
    final long to2 = toAt[2];
    final long to3 = toAt[3];
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector sum0 =
          FloatVector.fromMemorySegment(SPECIES, to, to0 + d, ORDER)
              .add(FloatVector.fromMemorySegment(SPECIES, rows, row0 + d, ORDER));
      FloatVector sum1 =
          FloatVector.fromMemorySegment(SPECIES, to, to1 + d, ORDER)
              .add(FloatVector.fromMemorySegment(SPECIES, rows, row1 + d, ORDER));
      FloatVector sum2 =
          FloatVector.fromMemorySegment(SPECIES, to, to2 + d, ORDER)
              .add(FloatVector.fromMemorySegment(SPECIES, rows, row2 + d, ORDER));
      FloatVector sum3 =
          FloatVector.fromMemorySegment(SPECIES, to, to3 + d, ORDER)
              .add(FloatVector.fromMemorySegment(SPECIES, rows, row3 + d, ORDER));
      sum0.intoMemorySegment(to, to0 + d, ORDER);
      sum1.intoMemorySegment(to, to1 + d, ORDER);
      sum2.intoMemorySegment(to, to2 + d, ORDER);
      sum3.intoMemorySegment(to, to3 + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      addScalar(rows, row0 + d, to, to0 + d);
      addScalar(rows, row1 + d, to, to1 + d);
      addScalar(rows, row2 + d, to, to2 + d);
      addScalar(rows, row3 + d, to, to3 + d);
    }
  }

  private static void addScalar(MemorySegment rows, long rowAt, MemorySegment to, long toAt) {
    float sum = to.get(JAVA_FLOAT_UNALIGNED, toAt) + rows.get(JAVA_FLOAT_UNALIGNED, rowAt);
    to.set(JAVA_FLOAT_UNALIGNED, toAt, sum);
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
    if (count == ROWS) {
      stepFour(rows, rowAt, rate, to, toAt, columns);
    } else {
      for (int i = 0; i < count; i++) {
        stepOne(rows, rowAt[i], rate, to, toAt[i], columns);
      }
    }
  }

  private static void stepFour(
      MemorySegment rows, long[] rowAt, float rate, MemorySegment to, long[] toAt, int columns) {
    final FloatVector rates = FloatVector.broadcast(SPECIES, rate);
    final long row0 = rowAt[0];
    final long row1 = rowAt[1];
    final long row2 = rowAt[2];
    final long row3 = rowAt[3];
    final long to0 = toAt[0];
    final long to1 = toAt[1];
    final long to2 = toAt[2];
    final long to3 = toAt[3];
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector moved0 =
          FloatVector.fromMemorySegment(SPECIES, to, to0 + d, ORDER)
              .sub(FloatVector.fromMemorySegment(SPECIES, rows, row0 + d, ORDER).mul(rates));
      FloatVector moved1 =
          FloatVector.fromMemorySegment(SPECIES, to, to1 + d, ORDER)
              .sub(FloatVector.fromMemorySegment(SPECIES, rows, row1 + d, ORDER).mul(rates));
      FloatVector moved2 =
          FloatVector.fromMemorySegment(SPECIES, to, to2 + d, ORDER)
              .sub(FloatVector.fromMemorySegment(SPECIES, rows, row2 + d, ORDER).mul(rates));
      FloatVector moved3 =
          FloatVector.fromMemorySegment(SPECIES, to, to3 + d, ORDER)
              .sub(FloatVector.fromMemorySegment(SPECIES, rows, row3 + d, ORDER).mul(rates));
      moved0.intoMemorySegment(to, to0 + d, ORDER);
      moved1.intoMemorySegment(to, to1 + d, ORDER);
      moved2.intoMemorySegment(to, to2 + d, ORDER);
      moved3.intoMemorySegment(to, to3 + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      stepScalar(rows, row0 + d, rate, to, to0 + d);
      stepScalar(rows, row1 + d, rate, to, to1 + d);
      stepScalar(rows, row2 + d, rate, to, to2 + d);
      stepScalar(rows, row3 + d, rate, to, to3 + d);
    }
  }

  private static void stepOne(
      MemorySegment rows, long rowAt, float rate, MemorySegment to, long toAt, int columns) {
    final FloatVector rates = FloatVector.broadcast(SPECIES, rate);
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector change =
          FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER).mul(rates);
      FloatVector.fromMemorySegment(SPECIES, to, toAt + d, ORDER)
          .sub(change)
          .intoMemorySegment(to, toAt + d, ORDER);
    }
    for (; d < bytes; d += 4) {
      stepScalar(rows, rowAt + d, rate, to, toAt + d);
    }
  }

  private static void stepScalar(
      MemorySegment rows, long rowAt, float rate, MemorySegment to, long toAt) {
    float change = rate * rows.get(JAVA_FLOAT_UNALIGNED, rowAt);
    to.set(JAVA_FLOAT_UNALIGNED, toAt, to.get(JAVA_FLOAT_UNALIGNED, toAt) - change);
  }
}
