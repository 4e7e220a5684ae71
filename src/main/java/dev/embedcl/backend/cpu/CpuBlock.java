package dev.embedcl.backend.cpu;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.locks.LockSupport;

/**
 * The memory of one buffer, kept for the next one when it is freed. To close an arena that all
 * threads share takes as long as a small batch or longer, since each of them is asked first whether
 * it is just using it. So a block lies in memory that is not guarded, for a backend that knows what
 * is closed, and only who maps a buffer makes its end cost that.
 *
 * <p>Not safe for concurrent use; the backend's lock guards it.
 */
interface CpuBlock {
  /** Returns the memory for the backend, which does not touch it after {@link #free}. */
  MemorySegment segment();

  /** Returns the memory for others, who are refused access after {@link #free}. */
  MemorySegment mapped();

  /** Frees the memory, once. May wait for a user of {@link #mapped}; see {@link #close}. */
  void free();

  /**
   * Closes an arena. Somebody may just be reading its memory in a system call, which the arena
   * refuses to interrupt: then this waits for the call to end.
   */
  static void close(Arena arena) {
    while (arena.scope().isAlive()) {
      try {
        arena.close();
      } catch (IllegalStateException inUse) {
        LockSupport.parkNanos(100_000);
      }
    }
  }
}
