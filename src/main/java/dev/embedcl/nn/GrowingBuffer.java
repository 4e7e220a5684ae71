package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/** Device memory used again from call to call, replaced when a call needs more of it. */
final class GrowingBuffer {
  private final Backend backend;
  private final DType type;
  private @Nullable DeviceBuffer buffer;

  GrowingBuffer(Backend backend, DType type) {
    this.backend = backend;
    this.type = type;
  }

  /** Returns a buffer of at least so many elements, of any content when it had to grow. */
  DeviceBuffer atLeast(long elements) {
    DeviceBuffer existing = buffer;
    if (existing != null && existing.elements() >= elements) {
      return existing;
    }
    // The old one goes first: device memory may not hold both.
    close();
    DeviceBuffer larger = backend.allocateUninitialized(type, elements);
    buffer = larger;
    return larger;
  }

  void close() {
    DeviceBuffer existing = buffer;
    buffer = null;
    if (existing != null) {
      existing.close();
    }
  }
}
