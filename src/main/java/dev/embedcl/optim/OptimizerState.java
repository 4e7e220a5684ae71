package dev.embedcl.optim;

import dev.embedcl.op.Matrix;
import org.jspecify.annotations.Nullable;

/** What an optimizer remembers of a parameter: how many steps there were, and matrices. */
final class OptimizerState implements AutoCloseable {
  private final @Nullable Matrix first;
  private final @Nullable Matrix second;
  private long steps;

  OptimizerState(@Nullable Matrix first, @Nullable Matrix second) {
    this.first = first;
    this.second = second;
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
