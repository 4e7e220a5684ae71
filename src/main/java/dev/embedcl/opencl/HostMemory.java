package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;
import org.jocl.Pointer;

/** Checks of host memory with messages that help, and its way into JOCL. */
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

  /** Points JOCL at native memory of any size: it looks at the address of the first byte only. */
  static Pointer pointerTo(MemorySegment segment) {
    return Pointer.to(segment.asSlice(0, 1).asByteBuffer());
  }
}
