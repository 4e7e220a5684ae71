package dev.embedcl.backend.cpu;

import dev.embedcl.op.PerSampleWeightsGradient;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** The loops of bags with the Vector API; see {@link VectorRowKernels}. */
final class VectorBagKernels implements BagKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> INTS =
      VectorSpecies.of(int.class, SPECIES.vectorShape());
  private static final long VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();
  private static final int LANES = PerSampleWeightsGradient.LANES;

  private final float[] lanes = new float[LANES];

  @Override
  public void divide(MemorySegment rows, long rowAt, float divisor, int columns) {
    final FloatVector divisors = FloatVector.broadcast(SPECIES, divisor);
    long d = 0;
    for (; d <= 4L * columns - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER)
          .div(divisors)
          .intoMemorySegment(rows, rowAt + d, ORDER);
    }
    PlainBagKernels.divide(rows, rowAt, divisor, (int) (d / 4), columns);
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
    // Two vectors at a time: a cache line where vectors have half of one.
    long d = 0;
    for (; d <= 4L * columns - 2 * VECTOR_BYTES; d += 2 * VECTOR_BYTES) {
      final long e = d + VECTOR_BYTES;
      FloatVector best0 =
          begin
              ? FloatVector.fromMemorySegment(SPECIES, rows, rowAt[0] + d, ORDER)
              : FloatVector.fromMemorySegment(SPECIES, to, toAt + d, ORDER);
      FloatVector best1 =
          begin
              ? FloatVector.fromMemorySegment(SPECIES, rows, rowAt[0] + e, ORDER)
              : FloatVector.fromMemorySegment(SPECIES, to, toAt + e, ORDER);
      IntVector winner0 =
          begin
              ? IntVector.broadcast(INTS, positions[0])
              : IntVector.fromMemorySegment(INTS, winners, toAt + d, ORDER);
      IntVector winner1 =
          begin
              ? IntVector.broadcast(INTS, positions[0])
              : IntVector.fromMemorySegment(INTS, winners, toAt + e, ORDER);
      for (int i = begin ? 1 : 0; i < count; i++) {
        FloatVector x0 = FloatVector.fromMemorySegment(SPECIES, rows, rowAt[i] + d, ORDER);
        FloatVector x1 = FloatVector.fromMemorySegment(SPECIES, rows, rowAt[i] + e, ORDER);
        IntVector position = IntVector.broadcast(INTS, positions[i]);
        VectorMask<Float> greater0 = x0.compare(VectorOperators.GT, best0);
        VectorMask<Float> greater1 = x1.compare(VectorOperators.GT, best1);
        best0 = best0.blend(x0, greater0);
        best1 = best1.blend(x1, greater1);
        winner0 = winner0.blend(position, greater0.cast(INTS));
        winner1 = winner1.blend(position, greater1.cast(INTS));
      }
      best0.intoMemorySegment(to, toAt + d, ORDER);
      best1.intoMemorySegment(to, toAt + e, ORDER);
      winner0.intoMemorySegment(winners, toAt + d, ORDER);
      winner1.intoMemorySegment(winners, toAt + e, ORDER);
    }
    PlainBagKernels.max(
        rows, rowAt, positions, count, begin, to, winners, toAt, (int) (d / 4), columns);
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
    long d = 0;
    for (; d <= 4L * columns - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (int i = 0; i < count; i++) {
        VectorMask<Integer> won =
            IntVector.fromMemorySegment(INTS, winners, rowAt[i] + d, ORDER)
                .compare(VectorOperators.EQ, positions[i]);
        FloatVector x =
            FloatVector.zero(SPECIES)
                .blend(
                    FloatVector.fromMemorySegment(SPECIES, rows, rowAt[i] + d, ORDER),
                    won.cast(SPECIES));
        if (scales != null) {
          x = x.mul(scales[i]);
        }
        sum = i == 0 ? x : sum.add(x);
      }
      sum.intoMemorySegment(to, toAt + d, ORDER);
    }
    PlainBagKernels.sumWon(
        rows, winners, rowAt, positions, scales, count, to, toAt, (int) (d / 4), columns);
  }

  @Override
  public float dot(
      MemorySegment rows, long rowAt, MemorySegment others, long otherAt, int columns) {
    final long blocks = 4L * (columns - columns % LANES);
    Arrays.fill(lanes, 0);
    // A pass for each vector's worth of lanes: the rows stay in the first-level cache.
    for (int lane = 0; lane < LANES && blocks > 0; lane += SPECIES.length()) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (long d = 4L * lane; d < blocks; d += 4L * LANES) {
        sum =
            sum.add(
                FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER)
                    .mul(FloatVector.fromMemorySegment(SPECIES, others, otherAt + d, ORDER)));
      }
      sum.intoArray(lanes, lane);
    }
    PlainBagKernels.addProducts(
        lanes, rows, rowAt, others, otherAt, columns - columns % LANES, columns);
    return UpdateKernels.addLanes(lanes);
  }
}
