package dev.embedcl.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Memory for intermediate results: grows to the largest that was needed and stays. */
final class CpuScratch {
  private MemorySegment segment = MemorySegment.NULL;
  private @Nullable Arena arena;

  /** Sees to it that there are at least {@code bytes} bytes, of whatever content. */
  void reserve(long bytes) {
    if (bytes <= segment.byteSize()) {
      return;
    }
    close();
    // A quarter more, so that batches that grow little by little do not each allocate.
    grow(bytes + bytes / 4);
  }

  MemorySegment segment() {
    return segment;
  }

  /** Frees the memory; it can be reserved again. */
  void close() {
    if (arena != null) {
      arena.close();
      arena = null;
      segment = MemorySegment.NULL;
    }
  }

  @SuppressWarnings("MustBeClosed") // this object owns the arena and closes it
  private void grow(long bytes) {
    Arena grown = Arena.ofShared();
    segment = grown.allocate(bytes, CpuMemory.ALIGNMENT_BYTES);
    arena = grown;
  }
}
