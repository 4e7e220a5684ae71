package dev.embedcl.optim;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;

/**
 * What an optimizer remembers of a parameter: how many steps there were, and named matrices on the
 * parameter's backend. Whoever writes them goes on from another run's place, as a restored
 * checkpoint does. The matrices stay the optimizer's: do not close their buffers.
 */
public final class OptimizerState {
  /** Elements that are written at a time. */
  private static final int FILL_ELEMENTS = 1 << 18;

  private final Map<String, Matrix> matrices = new LinkedHashMap<>();
  private final Matrix[] inOrder;
  private long steps;

  private OptimizerState(Map<String, Matrix> matrices) {
    this.matrices.putAll(matrices);
    this.inOrder = matrices.values().toArray(Matrix[]::new);
  }

  /** Returns state of nothing but a count. */
  static OptimizerState counting() {
    return new OptimizerState(Map.of());
  }

  /** Returns state of one matrix. */
  static OptimizerState of(String name, Matrix matrix) {
    return new OptimizerState(Map.of(name, matrix));
  }

  /** Returns state of two matrices, of which the first is closed if the second cannot be made. */
  static OptimizerState of(String firstName, Matrix first, String name, Supplier<Matrix> second) {
    try {
      Map<String, Matrix> both = new LinkedHashMap<>();
      both.put(firstName, first);
      both.put(name, second.get());
      return new OptimizerState(both);
    } catch (RuntimeException | Error e) {
      first.buffer().close();
      throw e;
    }
  }

  /** Returns state of one matrix, all of whose elements are {@code value}. */
  static OptimizerState filled(String name, Matrix zeros, float value) {
    OptimizerState state = of(name, zeros);
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

  /** Returns the matrices by their names, which are PyTorch's, as {@code exp_avg}; unmodifiable. */
  public Map<String, Matrix> matrices() {
    return Collections.unmodifiableMap(matrices);
  }

  /** Returns the number of steps taken. */
  public long steps() {
    return steps;
  }

  /**
   * Sets the number of steps taken.
   *
   * @throws IllegalArgumentException if it is negative
   */
  public void steps(long steps) {
    requireArgument(steps >= 0, "steps = %d is negative", steps);
    this.steps = steps;
  }

  /** Returns the first matrix, which the optimizer is known to have. */
  Matrix first() {
    return inOrder[0];
  }

  /** Returns the second matrix, which the optimizer is known to have. */
  Matrix second() {
    return inOrder[1];
  }

  /** Takes over the count and the rows that both have. */
  void copyFrom(OptimizerState other) {
    for (int i = 0; i < inOrder.length; i++) {
      Matrix from = other.inOrder[i];
      Matrix to = inOrder[i];
      long elements = Math.min(from.rows(), to.rows()) * to.columns();
      int bytes = to.buffer().type().bytes();
      byte[] part = new byte[(int) Math.min(elements, FILL_ELEMENTS) * bytes];
      for (long at = 0; at < elements; at += FILL_ELEMENTS) {
        MemorySegment some =
            MemorySegment.ofArray(part).asSlice(0, Math.min(FILL_ELEMENTS, elements - at) * bytes);
        from.buffer().read(at, some);
        to.buffer().write(at, some);
      }
    }
    steps = other.steps;
  }

  void countStep() {
    steps++;
  }

  void close() {
    for (Matrix matrix : inOrder) {
      matrix.buffer().close();
    }
  }
}
