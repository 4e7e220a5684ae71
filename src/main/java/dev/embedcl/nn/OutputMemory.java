package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import org.jspecify.annotations.Nullable;

/**
 * Where a layer's outputs go: into memory of the caller, or into memory of the layer that its next
 * output overwrites.
 */
final class OutputMemory {
  private final Backend backend;
  private final GrowingBuffer own;
  private @Nullable Activation last;

  OutputMemory(Backend backend, DType type) {
    this.backend = backend;
    this.own = new GrowingBuffer(backend, type);
  }

  /** Returns the memory of the caller as a matrix, or null where there is none. */
  static @Nullable Matrix given(@Nullable DeviceBuffer out, int rows, int columns) {
    return out == null ? null : new Matrix(out, rows, columns);
  }

  /** Returns the caller's matrix, or else memory of the layer; its last output is gone then. */
  Matrix orOwn(@Nullable Matrix given, int rows, int columns) {
    if (given != null) {
      return given;
    }
    forget();
    return new Matrix(own.atLeast((long) rows * columns), rows, columns);
  }

  /**
   * Returns an output that was computed.
   *
   * @param isOwn whether it lies in memory of the layer
   */
  Activation result(Matrix out, Shape shape, boolean isOwn) {
    Activation result = new Activation(backend, out, shape);
    if (isOwn) {
      last = result;
    }
    return result;
  }

  void close() {
    forget();
    own.close();
  }

  private void forget() {
    Activation previous = last;
    last = null;
    if (previous != null) {
      previous.overwrite();
    }
  }
}
