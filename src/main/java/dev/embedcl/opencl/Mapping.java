package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.locks.LockSupport;

/**
 * A buffer's content as host memory, until closed. Its bytes are in the order of the host: access
 * them with layouts of native order, which is what {@link ValueLayout} gives. Thread-safe.
 */
public final class Mapping extends NativeObject {
  private static final long MAP_READ = 1;
  private static final long MAP_WRITE = 1 << 1;

  private static final long RETRY_NANOS = 50_000;

  private final Queue queue;
  private final Buffer buffer;
  private final long address;
  private final Arena arena;
  private final MemorySegment segment;

  @SuppressWarnings("MustBeClosed") // destroy() does
  private Mapping(Queue queue, Buffer buffer, long address) {
    this.queue = queue;
    this.buffer = buffer;
    this.address = address;
    this.arena = Arena.ofShared();
    this.segment = MemorySegment.ofAddress(address).reinterpret(buffer.bytes(), arena, null);
  }

  /** Maps a buffer. The mapping keeps queue and buffer alive until it is closed. */
  static Mapping open(Queue queue, Buffer buffer, boolean write) {
    queue.enter(buffer);
    try {
      return new Mapping(queue, buffer, map(queue, buffer, write));
    } catch (RuntimeException | Error e) {
      queue.leave(buffer);
      throw e;
    }
  }

  private static long map(Queue queue, Buffer buffer, boolean write) {
    queue.waiting().finishIfLimited();
    try (Arena scratch = Arena.ofConfined()) {
      MemorySegment status = scratch.allocate(ValueLayout.JAVA_INT);
      long address =
          NativeCalls.map(
              queue.handle(),
              buffer.handle(),
              write ? MAP_READ | MAP_WRITE : MAP_READ,
              Math.max(1, buffer.bytes()),
              status);
      JoclCall.check("clEnqueueMapBuffer", status.get(ValueLayout.JAVA_INT, 0));
      return address;
    }
  }

  /** Returns the whole content; after {@link #close} access throws IllegalStateException. */
  public MemorySegment segment() {
    return segment;
  }

  @Override
  void destroy() {
    Failures failures = new Failures();
    invalidateSegment();
    failures.run(() ->
        JoclCall.check(
            "clEnqueueUnmapMemObject",
            NativeCalls.unmap(queue.handle(), buffer.handle(), address)));
    queue.context().forget(this);
    failures.run(() -> queue.leave(buffer));
    failures.rethrow();
  }

  /** Ends all access, so that nobody touches the memory while the driver takes it back. */
  private void invalidateSegment() {
    while (true) {
      try {
        arena.close();
        return;
      } catch (IllegalStateException e) {
        // Another thread is inside a native call with the segment; it will return.
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }

  @Override
  public String toString() {
    return "Mapping of " + buffer;
  }
}
