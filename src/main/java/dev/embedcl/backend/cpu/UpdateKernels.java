package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * The loops of the optimizers, each over one row or any other stretch of elements that lie side by
 * side. All offsets are in bytes, those into the table as if it were float32, like the state. Two
 * implementations give the same bits: per element the operations of the update's formula, each
 * rounded.
 */
interface UpdateKernels {
  ValueLayout.OfFloat FLOAT = JAVA_FLOAT_UNALIGNED;

  /** As {@link RowKernels#step}, for one row. */
  void step(
      float rate,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns);

  /** Takes a step of SGD with momentum or weight decay. */
  void sgd(
      SgdUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns);

  /** Takes a step of Adagrad. */
  void adagrad(
      AdagradUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns);

  /** Takes a step of Adam. */
  void adam(
      AdamUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns);

  /** Returns the sum of a row's squares in the order of {@link RowwiseAdagradUpdate}. */
  float sumOfSquares(MemorySegment rows, long rowAt, int columns);

  /** Adds up partial sums of squares, which are lost, in the order that is prescribed. */
  static float addLanes(float[] lanes) {
    for (int half = RowwiseAdagradUpdate.LANES / 2; half > 0; half /= 2) {
      for (int l = 0; l < half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    return lanes[0];
  }
}
