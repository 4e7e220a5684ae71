package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;

/**
 * Host memory that the driver made: drivers of GPUs pin it, so that the device copies from it
 * without a detour. It is a buffer that stays mapped, on a queue of its own, since a mapping keeps
 * its queue open.
 */
final class PinnedMemory {
  private final Queue queue;
  private final Buffer buffer;
  private final Mapping mapping;

  private PinnedMemory(Queue queue, Buffer buffer, Mapping mapping) {
    this.queue = queue;
    this.buffer = buffer;
    this.mapping = mapping;
  }

  /**
   * Makes memory that lasts until it is closed, even if the context is closed before.
   *
   * @throws DeviceMemoryException if the device's memory does not suffice, of which drivers may
   *     take it
   * @throws OpenClException if the driver refuses
   */
  static PinnedMemory allocate(Context context, long bytes) {
    Queue queue = Queue.open(context, false);
    try {
      Buffer buffer = context.allocate(bytes, MemoryFlag.HOST_REACHABLE);
      try {
        Mapping mapping = queue.map(buffer, true);
        mapping.enter();
        return new PinnedMemory(queue, buffer, mapping);
      } catch (RuntimeException | Error e) {
        buffer.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      queue.close();
      throw e;
    }
  }

  MemorySegment segment() {
    return mapping.segment();
  }

  /** Frees the memory, which no command may use any more. */
  void close() {
    Failures failures = new Failures();
    failures.run(mapping::close);
    failures.run(mapping::leave);
    failures.run(buffer::close);
    failures.run(queue::close);
    failures.rethrow();
  }
}
