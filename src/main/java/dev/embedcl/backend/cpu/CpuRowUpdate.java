package dev.embedcl.backend.cpu;

import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A {@link RowUpdate} with its memory: what the loops need to know. Filled anew for each operation.
 */
final class CpuRowUpdate {
  private @Nullable RowUpdate update;
  private MemorySegment table = MemorySegment.NULL;
  private MemorySegment first = MemorySegment.NULL;
  private MemorySegment second = MemorySegment.NULL;

  /**
   * Takes an update.
   *
   * @return this
   * @throws IllegalArgumentException if a matrix belongs to another backend
   */
  CpuRowUpdate of(CpuBackend backend, RowUpdate update) {
    table = backend.memory(update.table());
    first = memory(backend, update.firstState());
    second = memory(backend, update.secondState());
    this.update = update;
    return this;
  }

  /**
   * Has sums written to a matrix, over what is there.
   *
   * @return this
   */
  CpuRowUpdate store(MemorySegment values) {
    update = null;
    table = values;
    return this;
  }

  MemorySegment table() {
    return table;
  }

  /** Returns the memory of the optimizer's first matrix of state. */
  MemorySegment first() {
    return first;
  }

  /** Returns the memory of the optimizer's second matrix of state. */
  MemorySegment second() {
    return second;
  }

  /** Returns whether an element's change depends on its whole row, so that rows stay whole. */
  boolean isRowwise() {
    return update instanceof RowwiseAdagradUpdate;
  }

  /** Returns how many bytes of table and state are read and written for each element. */
  int bytesPerElement() {
    return switch (update) {
      case null -> 4;
      case AccumulateUpdate _, RowwiseAdagradUpdate _ -> 8;
      case SgdUpdate sgd -> sgd.momentumBuffer() == null ? 8 : 16;
      case AdagradUpdate _ -> 16;
      case AdamUpdate _ -> 24;
    };
  }

  /**
   * Updates rows of the table by their gradients.
   *
   * @param gradients where the gradients stand
   * @param gradientAt where each starts, in bytes; the first {@code count} are taken
   * @param count from 1 to {@link RowKernels#ROWS}
   * @param toAt where each row of the table starts, no two alike
   */
  void apply(
      RowKernels kernels,
      MemorySegment gradients,
      long[] gradientAt,
      int count,
      long[] toAt,
      int columns) {
    switch (update) {
      case null -> {
        for (int i = 0; i < count; i++) {
          MemorySegment.copy(gradients, gradientAt[i], table, toAt[i], 4L * columns);
        }
      }
      case AccumulateUpdate _ -> kernels.add(gradients, gradientAt, count, table, toAt, columns);
      case SgdUpdate sgd when sgd.isPlain() ->
          kernels.step(gradients, gradientAt, count, sgd.learningRate(), table, toAt, columns);
      case SgdUpdate sgd -> {
        for (int i = 0; i < count; i++) {
          kernels.updates().sgd(sgd, this, gradients, gradientAt[i], toAt[i], columns);
        }
      }
      case AdagradUpdate adagrad -> {
        for (int i = 0; i < count; i++) {
          kernels.updates().adagrad(adagrad, this, gradients, gradientAt[i], toAt[i], columns);
        }
      }
      case RowwiseAdagradUpdate rowwise -> {
        for (int i = 0; i < count; i++) {
          apply(rowwise, kernels, gradients, gradientAt, i, toAt, columns);
        }
      }
      case AdamUpdate adam -> {
        for (int i = 0; i < count; i++) {
          kernels.updates().adam(adam, this, gradients, gradientAt[i], toAt[i], columns);
        }
      }
    }
  }

  private void apply(
      RowwiseAdagradUpdate rowwise,
      RowKernels kernels,
      MemorySegment gradients,
      long[] gradientAt,
      int i,
      long[] toAt,
      int columns) {
    // The state's rows have one column.
    long at = toAt[i] / columns;
    float squares = kernels.updates().sumOfSquares(gradients, gradientAt[i], columns);
    float sum = first.get(UpdateKernels.FLOAT, at) + squares / columns;
    first.set(UpdateKernels.FLOAT, at, sum);
    float rate = rowwise.learningRate() / ((float) Math.sqrt(sum) + rowwise.eps());
    kernels.updates().step(rate, table, gradients, gradientAt[i], toAt[i], columns);
  }

  private static MemorySegment memory(CpuBackend backend, @Nullable Matrix matrix) {
    return matrix == null ? MemorySegment.NULL : backend.memory(matrix);
  }
}
