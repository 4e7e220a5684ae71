package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;

/** Checks of host memory that the native calls cannot make with a message that helps. */
final class HostMemory {
  private HostMemory() {}

  /**
   * Checks that a segment's arena is open.
   *
   * @throws IllegalStateException if it was closed
   */
  static void checkAlive(String name, MemorySegment segment) {
    if (!segment.scope().isAlive()) {
      throw new IllegalStateException(
          name + " of " + segment.byteSize() + " bytes belongs to an arena that was closed");
    }
  }

  /**
   * Checks that a segment can be written.
   *
   * @throws IllegalArgumentException if it is read-only
   */
  static void checkWritable(String name, MemorySegment segment) {
    if (segment.isReadOnly()) {
      throw new IllegalArgumentException(
          name + " of " + segment.byteSize() + " bytes is read-only; pass a writable segment");
    }
  }
}
