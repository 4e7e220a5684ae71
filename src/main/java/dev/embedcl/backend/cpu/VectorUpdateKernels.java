package dev.embedcl.backend.cpu;

import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The optimizers' loops with the Vector API, for float32 tables. Loaded only where the module
 * {@code jdk.incubator.vector} is there. Columns that fill no vector are left to the plain loops.
 */
final class VectorUpdateKernels implements UpdateKernels {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;
  private static final int LANES = RowwiseAdagradUpdate.LANES;
  private static final long VECTOR_BYTES = SPECIES.vectorByteSize();
  private static final ByteOrder ORDER = ByteOrder.nativeOrder();

  private final PlainUpdateKernels rest;
  private final float[] lanes = new float[LANES];

  VectorUpdateKernels(PlainUpdateKernels rest) {
    this.rest = rest;
  }

  @Override
  public void step(
      float rate,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    final MemorySegment table = memory.table();
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector change =
          FloatVector.fromMemorySegment(SPECIES, gradients, gradientAt + d, ORDER).mul(rate);
      FloatVector.fromMemorySegment(SPECIES, table, toAt + d, ORDER)
          .sub(change)
          .intoMemorySegment(table, toAt + d, ORDER);
    }
    if (d < bytes) {
      rest.step(rate, memory, gradients, gradientAt + d, toAt + d, left(bytes - d));
    }
  }

  @Override
  public void sgd(
      SgdUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    final MemorySegment table = memory.table();
    final MemorySegment buffer = memory.first();
    final boolean hasBuffer = update.momentumBuffer() != null;
    final boolean nesterov = update.nesterov();
    final float weightDecay = update.weightDecay();
    final float rate = update.learningRate();
    final float momentum = update.momentum();
    final float kept = update.decay();
    final float gain = update.gain();
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, table, toAt + d, ORDER);
      FloatVector g = FloatVector.fromMemorySegment(SPECIES, gradients, gradientAt + d, ORDER);
      if (weightDecay != 0) {
        g = g.add(w.mul(weightDecay));
      }
      if (hasBuffer) {
        FloatVector b =
            FloatVector.fromMemorySegment(SPECIES, buffer, toAt + d, ORDER)
                .mul(kept)
                .add(g.mul(gain));
        b.intoMemorySegment(buffer, toAt + d, ORDER);
        g = nesterov ? g.add(b.mul(momentum)) : b;
      }
      w.sub(g.mul(rate)).intoMemorySegment(table, toAt + d, ORDER);
    }
    if (d < bytes) {
      rest.sgd(update, memory, gradients, gradientAt + d, toAt + d, left(bytes - d));
    }
  }

  @Override
  public void adagrad(
      AdagradUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    final MemorySegment table = memory.table();
    final MemorySegment sums = memory.first();
    final float weightDecay = update.weightDecay();
    final float rate = update.learningRate();
    final float eps = update.eps();
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, table, toAt + d, ORDER);
      FloatVector g = FloatVector.fromMemorySegment(SPECIES, gradients, gradientAt + d, ORDER);
      if (weightDecay != 0) {
        g = g.add(w.mul(weightDecay));
      }
      FloatVector s = FloatVector.fromMemorySegment(SPECIES, sums, toAt + d, ORDER).add(g.mul(g));
      s.intoMemorySegment(sums, toAt + d, ORDER);
      w.sub(g.mul(rate).div(s.sqrt().add(eps))).intoMemorySegment(table, toAt + d, ORDER);
    }
    if (d < bytes) {
      rest.adagrad(update, memory, gradients, gradientAt + d, toAt + d, left(bytes - d));
    }
  }

  @Override
  public void adam(
      AdamUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    final MemorySegment table = memory.table();
    final MemorySegment first = memory.first();
    final MemorySegment second = memory.second();
    final float weightDecay = update.weightDecay();
    final float shrink = update.shrink();
    final float beta1 = update.beta1();
    final float gain1 = update.gain1();
    final float beta2 = update.beta2();
    final float gain2 = update.gain2();
    final float rate = update.rate();
    final float correction = update.correction();
    final float eps = update.eps();
    final long bytes = 4L * columns;
    long d = 0;
    for (; d <= bytes - VECTOR_BYTES; d += VECTOR_BYTES) {
      FloatVector w = FloatVector.fromMemorySegment(SPECIES, table, toAt + d, ORDER).mul(shrink);
      FloatVector g = FloatVector.fromMemorySegment(SPECIES, gradients, gradientAt + d, ORDER);
      if (weightDecay != 0) {
        g = g.add(w.mul(weightDecay));
      }
      FloatVector m =
          FloatVector.fromMemorySegment(SPECIES, first, toAt + d, ORDER)
              .mul(beta1)
              .add(g.mul(gain1));
      FloatVector v =
          FloatVector.fromMemorySegment(SPECIES, second, toAt + d, ORDER)
              .mul(beta2)
              .add(g.mul(gain2).mul(g));
      m.intoMemorySegment(first, toAt + d, ORDER);
      v.intoMemorySegment(second, toAt + d, ORDER);
      w.sub(m.mul(rate).div(v.sqrt().div(correction).add(eps)))
          .intoMemorySegment(table, toAt + d, ORDER);
    }
    if (d < bytes) {
      rest.adam(update, memory, gradients, gradientAt + d, toAt + d, left(bytes - d));
    }
  }

  @Override
  public float sumOfSquares(MemorySegment rows, long rowAt, int columns) {
    final long blocks = 4L * (columns - columns % LANES);
    Arrays.fill(lanes, 0);
    // A pass for each vector's worth of lanes: the row stays in the first-level cache.
    for (int lane = 0; lane < LANES && blocks > 0; lane += SPECIES.length()) {
      FloatVector sum = FloatVector.zero(SPECIES);
      for (long d = 4L * lane; d < blocks; d += 4L * LANES) {
        FloatVector x = FloatVector.fromMemorySegment(SPECIES, rows, rowAt + d, ORDER);
        sum = sum.add(x.mul(x));
      }
      sum.intoArray(lanes, lane);
    }
    PlainUpdateKernels.addSquares(lanes, rows, rowAt, columns - columns % LANES, columns);
    return UpdateKernels.addLanes(lanes);
  }

  private static int left(long bytes) {
    return (int) (bytes / 4);
  }
}
