package dev.embedcl.checkpoint;

import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;

/**
 * A matrix on a device and how a file calls it.
 *
 * @param spec name, element type of the buffer, and shape
 * @param buffer holds the elements from its first on
 */
record StoredMatrix(TensorSpec spec, DeviceBuffer buffer) {
  /** Bytes that are on their way at a time; a multiple of every element's. */
  private static final int PART_BYTES = 4 << 20;

  /** What becomes of a part. */
  interface Consumer {
    void accept(MemorySegment part) throws IOException;
  }

  static StoredMatrix of(String name, Matrix matrix) {
    DeviceBuffer buffer = matrix.buffer();
    Shape shape = Shape.of(matrix.rows(), matrix.columns());
    return new StoredMatrix(new TensorSpec(name, buffer.type(), shape), buffer);
  }

  /** Hands over all bytes in order, a part at a time. */
  void read(Consumer consumer) throws IOException {
    long bytes = spec.bytes();
    MemorySegment host = MemorySegment.ofArray(new byte[(int) Math.min(bytes, PART_BYTES)]);
    for (long at = 0; at < bytes; at += PART_BYTES) {
      MemorySegment part = host.asSlice(0, Math.min(PART_BYTES, bytes - at));
      buffer.read(at / spec.type().bytes(), part);
      consumer.accept(part);
    }
  }

  /** Replaces all elements. */
  void write(MemorySegment values) {
    for (long at = 0; at < values.byteSize(); at += PART_BYTES) {
      long some = Math.min(PART_BYTES, values.byteSize() - at);
      buffer.write(at / spec.type().bytes(), values.asSlice(at, some));
    }
  }
}
