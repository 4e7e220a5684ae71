package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A parameter's dense gradient: allocated when first needed, and cleared at a cost that follows the
 * rows a batch touched where the device shares host memory. On other devices clearing gives the
 * buffer back, and the next one comes zero-filled: zeros made on the host would cost far more to
 * send.
 */
final class Gradient {
  private final Backend backend;
  private final DType type;
  private final long rows;
  private final int columns;

  /** Whether clearing rows through a mapping is cheap; only then is it noted which ones. */
  private final boolean sharesMemory;

  private final BitSet touched = new BitSet();
  private boolean allTouched;
  private boolean present;
  private @Nullable Matrix matrix;

  Gradient(Backend backend, DType type, long rows, int columns) {
    this.backend = backend;
    this.type = type;
    this.rows = rows;
    this.columns = columns;
    this.sharesMemory = backend.device().hostUnifiedMemory();
  }

  /** Returns the gradient if something was added since it was cleared. */
  Optional<Matrix> current() {
    return present ? Optional.ofNullable(matrix) : Optional.empty();
  }

  /** Returns the gradient to add to; whoever adds says which rows. */
  Matrix forUpdate() {
    Matrix existing = matrix;
    if (existing == null) {
      DeviceBuffer buffer = backend.allocate(type, rows * columns);
      existing = new Matrix(buffer, rows, columns);
      matrix = existing;
    }
    present = true;
    return existing;
  }

  void touch(int row) {
    if (sharesMemory) {
      touched.set(row);
    }
  }

  void touchAll() {
    allTouched = true;
  }

  void clear() {
    present = false;
    Matrix existing = matrix;
    if (existing == null) {
      return;
    }
    if (sharesMemory) {
      try (Mapping mapping = existing.buffer().map(MapMode.READ_WRITE)) {
        fillTouched(mapping.segment());
      }
    } else {
      close();
    }
    touched.clear();
    allTouched = false;
  }

  void close() {
    Matrix existing = matrix;
    matrix = null;
    present = false;
    if (existing != null) {
      existing.buffer().close();
    }
  }

  private void fillTouched(MemorySegment segment) {
    if (allTouched) {
      segment.fill((byte) 0);
      return;
    }
    long rowBytes = (long) columns * type.bytes();
    for (int row = touched.nextSetBit(0); row >= 0; ) {
      // Neighbours are cleared at once: after a batch of text, positions are one run.
      int end = touched.nextClearBit(row);
      segment.asSlice(row * rowBytes, (end - (long) row) * rowBytes).fill((byte) 0);
      row = touched.nextSetBit(end);
    }
  }
}
