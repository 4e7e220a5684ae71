package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The two ways by which bytes move between host and device: handed to the driver, or staged. The
 * callers have checked ranges and keep queue and buffer alive.
 */
final class HostTransfers {
  private final long queue;
  private final CommandWait wait;
  private final StagingRing staging;

  HostTransfers(Queue queue) {
    this.queue = queue.handle();
    this.wait = queue.waiting();
    this.staging = new StagingRing(queue);
  }

  /** As {@link Queue#uploadAside}. */
  void uploadAside(long leastBytes) {
    staging.uploadAside(leastBytes);
  }

  /** As {@link Queue#pinStaging}. */
  void pinStaging(boolean pinned) {
    staging.pin(pinned);
  }

  void write(Buffer buffer, long offsetBytes, MemorySegment source) {
    if (source.isNative() && source.byteSize() > StagingRing.SLOT_BYTES) {
      wait.finishIfLimited();
      JoclCall.check(
          "clEnqueueWriteBuffer",
          NativeCalls.write(queue, buffer.handle(), true, offsetBytes, source));
    } else {
      staging.write(buffer.handle(), offsetBytes, source);
    }
  }

  void read(Buffer buffer, long offsetBytes, MemorySegment target) {
    wait.finishIfLimited();
    if (target.isNative()) {
      readNative(buffer, offsetBytes, target);
    } else {
      readHeap(buffer, offsetBytes, target);
    }
  }

  private void readNative(Buffer buffer, long offsetBytes, MemorySegment target) {
    JoclCall.check(
        "clEnqueueReadBuffer", NativeCalls.read(queue, buffer.handle(), offsetBytes, target));
  }

  /** A transfer right into the Java heap would hold up the garbage collector while it waits. */
  private void readHeap(Buffer buffer, long offsetBytes, MemorySegment target) {
    long bytes = target.byteSize();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment staged = arena.allocate(Math.min(bytes, StagingRing.SLOT_BYTES));
      for (long done = 0; done < bytes; done += staged.byteSize()) {
        MemorySegment piece = staged.asSlice(0, Math.min(staged.byteSize(), bytes - done));
        readNative(buffer, offsetBytes + done, piece);
        target.asSlice(done, piece.byteSize()).copyFrom(piece);
      }
    }
  }

  /** Frees the staging memory; the queue must have finished its commands. */
  void close() {
    staging.close();
  }
}
