package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import dev.embedcl.op.StochasticUpdate;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * A {@link RowUpdate} with its memory: what the loops need to know. Filled anew for each operation.
 */
final class CpuRowUpdate {
  private @Nullable RowUpdate update;
  private @Nullable StochasticUpdate rounding;
  private DType tableType = DType.FLOAT32;
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
    this.update = update.formula();
    rounding = update instanceof StochasticUpdate stochastic ? stochastic : null;
    tableType = update.table().type();
    return this;
  }

  /**
   * Has sums written to a matrix, over what is there.
   *
   * @return this
   */
  CpuRowUpdate store(MemorySegment values) {
    update = null;
    rounding = null;
    tableType = DType.FLOAT32;
    table = values;
    return this;
  }

  MemorySegment table() {
    return table;
  }

  /**
   * Widens elements of the table.
   *
   * @param at where they would start in bytes, if the table were float32
   */
  void loadTable(RowStorage storage, long at, float[] to, int width) {
    storage.load(tableType, table, at / Float.BYTES * tableType.bytes(), to, width);
  }

  /**
   * Rounds elements and writes them to the table.
   *
   * @param at where they would start in bytes, if the table were float32
   */
  void storeTable(RowStorage storage, long at, float[] from, int width) {
    long element = at / Float.BYTES;
    long tableAt = element * tableType.bytes();
    if (rounding == null) {
      storage.store(tableType, from, table, tableAt, width);
    } else {
      storage.store(tableType, rounding, element, from, table, tableAt, width);
    }
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
    int table = 2 * tableType.bytes();
    return switch (update) {
      case null -> 4;
      case AccumulateUpdate _, RowwiseAdagradUpdate _ -> table;
      case SgdUpdate sgd -> table + (sgd.momentumBuffer() == null ? 0 : 8);
      case AdagradUpdate _ -> table + 8;
      case AdamUpdate _ -> table + 16;
      case StochasticUpdate _ -> throw new IllegalStateException("no formula: " + update);
    };
  }

  /**
   * Updates rows of the table by their gradients.
   *
   * @param gradients where the gradients stand
   * @param gradientAt where each starts, in bytes; the first {@code count} are taken
   * @param count from 1 to {@link RowKernels#ROWS}
   * @param toAt where each row of the table, were it float32, starts, no two alike
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
      case SgdUpdate sgd when sgd.isPlain() && tableType == DType.FLOAT32 ->
          kernels.step(gradients, gradientAt, count, sgd.learningRate(), table, toAt, columns);
      case SgdUpdate sgd when sgd.isPlain() && tableType == DType.BFLOAT16 && rounding == null ->
          kernels
              .storage()
              .bfloat16()
              .step(gradients, gradientAt, count, sgd.learningRate(), table, toAt, columns);
      case SgdUpdate sgd when sgd.isPlain() && tableType == DType.FLOAT16 && rounding == null ->
          kernels
              .storage()
              .float16()
              .step(gradients, gradientAt, count, sgd.learningRate(), table, toAt, columns);
      case SgdUpdate sgd -> {
        for (int i = 0; i < count; i++) {
          kernels.updates(tableType).sgd(sgd, this, gradients, gradientAt[i], toAt[i], columns);
        }
      }
      case AdagradUpdate adagrad -> {
        for (int i = 0; i < count; i++) {
          kernels
              .updates(tableType)
              .adagrad(adagrad, this, gradients, gradientAt[i], toAt[i], columns);
        }
      }
      case RowwiseAdagradUpdate rowwise -> {
        for (int i = 0; i < count; i++) {
          apply(rowwise, kernels, gradients, gradientAt, i, toAt, columns);
        }
      }
      case AdamUpdate adam -> {
        for (int i = 0; i < count; i++) {
          kernels.updates(tableType).adam(adam, this, gradients, gradientAt[i], toAt[i], columns);
        }
      }
      case StochasticUpdate _ -> throw new IllegalStateException("no formula: " + update);
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
    float squares = kernels.updates(tableType).sumOfSquares(gradients, gradientAt[i], columns);
    float sum = first.get(UpdateKernels.FLOAT, at) + squares / columns;
    first.set(UpdateKernels.FLOAT, at, sum);
    float rate = rowwise.learningRate() / ((float) Math.sqrt(sum) + rowwise.eps());
    kernels.updates(tableType).step(rate, this, gradients, gradientAt[i], toAt[i], columns);
  }

  private static MemorySegment memory(CpuBackend backend, @Nullable Matrix matrix) {
    return matrix == null ? MemorySegment.NULL : backend.memory(matrix);
  }
}
