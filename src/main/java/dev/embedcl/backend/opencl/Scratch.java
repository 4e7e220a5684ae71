package dev.embedcl.backend.opencl;

import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Context;
import org.jspecify.annotations.Nullable;

/** Device memory for use within one operation; it grows to the largest need and stays. */
final class Scratch {
  private final Context context;
  private @Nullable Buffer buffer;

  Scratch(Context context) {
    this.context = context;
  }

  /** Returns memory of at least so many bytes; its content is undefined. */
  Buffer atLeast(long bytes) {
    Buffer current = buffer;
    if (current != null && current.bytes() >= bytes) {
      return current;
    }
    if (current != null) {
      buffer = null;
      current.close();
    }
    // Half as much again, so that slowly growing batches do not allocate each time.
    Buffer larger = context.allocate(Math.min(bytes + bytes / 2, Math.max(bytes, maxBytes())));
    buffer = larger;
    return larger;
  }

  private long maxBytes() {
    return Math.min(context.device().maxAllocationBytes(), context.availableBytes());
  }
}
