package dev.embedcl.opencl;

import java.nio.ByteBuffer;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;

/** Commands that stay on the device. The callers keep queue and buffers alive. */
final class BufferCommands {
  private static final int WIDEST_PATTERN_BYTES = 16;

  private BufferCommands() {}

  /** Fills in the widest pattern that divides the range: some drivers are slow on bytes. */
  static void fill(
      cl_command_queue queue, Buffer buffer, long offsetBytes, long bytes, byte value) {
    long width = Math.min(WIDEST_PATTERN_BYTES, Long.lowestOneBit(offsetBytes | bytes));
    ByteBuffer pattern = ByteBuffer.allocateDirect(WIDEST_PATTERN_BYTES);
    for (int i = 0; i < WIDEST_PATTERN_BYTES; i++) {
      pattern.put(i, value);
    }
    Pointer pointer = Pointer.to(pattern);
    JoclCall.check(
        "clEnqueueFillBuffer",
        () ->
            CL.clEnqueueFillBuffer(
                queue, buffer.id(), pointer, width, offsetBytes, bytes, 0, null, null));
  }

  static void copy(
      cl_command_queue queue,
      Buffer source,
      long sourceOffsetBytes,
      Buffer target,
      long targetOffsetBytes,
      long bytes) {
    JoclCall.check(
        "clEnqueueCopyBuffer",
        () ->
            CL.clEnqueueCopyBuffer(
                queue,
                source.id(),
                target.id(),
                sourceOffsetBytes,
                targetOffsetBytes,
                bytes,
                0,
                null,
                null));
  }

  /**
   * Checks a copy between two buffers, or two ranges of one.
   *
   * @throws IndexOutOfBoundsException if a range leaves its buffer
   * @throws IllegalArgumentException if both are ranges of one buffer and overlap
   */
  static void checkCopy(
      Buffer source, long sourceOffsetBytes, Buffer target, long targetOffsetBytes, long bytes) {
    source.checkRange(sourceOffsetBytes, bytes);
    target.checkRange(targetOffsetBytes, bytes);
    if (source == target && Math.abs(sourceOffsetBytes - targetOffsetBytes) < bytes) {
      throw new IllegalArgumentException(
          String.format(
              "%d bytes at offsets %d and %d of one buffer overlap; copy through another buffer",
              bytes, sourceOffsetBytes, targetOffsetBytes));
    }
  }
}
