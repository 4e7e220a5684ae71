package dev.embedcl.optim;

import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What an optimizer remembers of a parameter: how many steps there were, and matrices. */
final class OptimizerState implements AutoCloseable {
  /** Elements that are written at a time. */
  private static final int FILL_ELEMENTS = 1 << 18;

  private final @Nullable Matrix first;
  private final @Nullable Matrix second;
  private long steps;

  OptimizerState(@Nullable Matrix first, @Nullable Matrix second) {
    this.first = first;
    this.second = second;
  }

  /** Returns state of two matrices, of which the first is closed if the second cannot be made. */
  static OptimizerState of(Matrix first, Supplier<Matrix> second) {
    try {
      return new OptimizerState(first, second.get());
    } catch (RuntimeException | Error e) {
      first.buffer().close();
      throw e;
    }
  }

  /** Returns state of one matrix, all of whose elements are {@code value}. */
  static OptimizerState filled(Matrix zeros, float value) {
    OptimizerState state = new OptimizerState(zeros, null);
    if (value == 0) {
      return state;
    }
    try {
      long elements = zeros.rows() * zeros.columns();
      float[] values = new float[(int) Math.min(elements, FILL_ELEMENTS)];
      Arrays.fill(values, value);
      for (long at = 0; at < elements; at += values.length) {
        long some = Math.min(values.length, elements - at);
        zeros.buffer().write(at, MemorySegment.ofArray(values).asSlice(0, some * Float.BYTES));
      }
      return state;
    } catch (RuntimeException | Error e) {
      state.close();
      throw e;
    }
  }

  /** Returns the first matrix, which the optimizer is known to have. */
  Matrix first() {
    return required(first);
  }

  /** Returns the second matrix, which the optimizer is known to have. */
  Matrix second() {
    return required(second);
  }

  /** Returns the number of steps taken. */
  long steps() {
    return steps;
  }

  void countStep() {
    steps++;
  }

  @Override
  public void close() {
    if (first != null) {
      first.buffer().close();
    }
    if (second != null) {
      second.buffer().close();
    }
  }

  private static Matrix required(@Nullable Matrix matrix) {
    if (matrix == null) {
      throw new IllegalStateException("this optimizer keeps no such state");
    }
    return matrix;
  }
}
