package dev.embedcl.opencl;

import java.nio.ByteBuffer;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_mem;

/** Fills memory with one byte, in the widest pattern that divides the range: some drivers are slow on bytes. */
final class FillPattern {
  private static final int WIDEST_BYTES = 16;

  private FillPattern() {}

  static int enqueue(cl_command_queue queue, cl_mem buffer, long offset, long bytes, byte value) {
    long width = Math.min(WIDEST_BYTES, Long.lowestOneBit(offset | bytes));
    ByteBuffer pattern = ByteBuffer.allocateDirect(WIDEST_BYTES);
    for (int i = 0; i < WIDEST_BYTES; i++) {
      pattern.put(i, value);
    }
    Pointer pointer = Pointer.to(pattern);
    return JoclCall.status(
        () ->
            CL.clEnqueueFillBuffer(queue, buffer, pointer, width, offset, bytes, 0, null, null));
  }
}
