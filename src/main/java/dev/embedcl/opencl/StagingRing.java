package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jspecify.annotations.Nullable;

/**
 * Native memory through which small and heap-based writes pass, so that the caller can reuse its
 * memory at once and need not wait for the kernels enqueued before.
 *
 * <p>The slots take turns. When one is full, a marker is enqueued behind its last write; the slot
 * is used again only after that marker. Writes of some size may pass through an {@link
 * UploadQueue}, and the slots may lie in {@link PinnedMemory}.
 */
final class StagingRing {
  /** The largest write that passes in one piece. */
  static final long SLOT_BYTES = 1L << 20;

  /** The number of slots. */
  static final int SLOTS = 4;

  private static final long ALIGNMENT_BYTES = 64;

  private final Context context;
  private final cl_command_queue queue;
  private final CommandWait wait;
  private final Arena arena;
  private final @Nullable MemorySegment[] slots = new @Nullable MemorySegment[SLOTS];
  private final @Nullable cl_event[] lastUses = new @Nullable cl_event[SLOTS];
  private final UploadQueue uploads;
  private @Nullable PinnedMemory pinnedMemory;
  private boolean pinned;
  private long leastAside = Long.MAX_VALUE;
  private int current;
  private long position;
  private long reservedAt;

  @SuppressWarnings("MustBeClosed") // close() does
  StagingRing(Queue queue) {
    this.context = queue.context();
    this.queue = queue.id();
    this.wait = queue.waiting();
    this.arena = Arena.ofShared();
    this.uploads = new UploadQueue(queue, arena);
  }

  /** Has later writes of at least so many bytes pass through the upload queue. */
  synchronized void uploadAside(long leastBytes) {
    leastAside = leastBytes;
  }

  /** Says whether slots that are not made yet shall lie in pinned memory. */
  synchronized void pin(boolean pinned) {
    this.pinned = pinned;
  }

  /** Copies {@code source} and enqueues its transfer; the source is free on return. */
  synchronized void write(long buffer, long offset, MemorySegment source) {
    for (long done = 0; done < source.byteSize(); ) {
      long piece = Math.min(SLOT_BYTES, source.byteSize() - done);
      MemorySegment staged = reserve(piece);
      staged.copyFrom(source.asSlice(done, piece));
      send(staged, buffer, offset + done, source.byteSize() >= leastAside);
      done += piece;
    }
  }

  private void send(MemorySegment staged, long buffer, long offset, boolean aside) {
    if (!aside || !uploads.write(current, reservedAt, staged, buffer, offset)) {
      JoclCall.check(
          "clEnqueueWriteBuffer",
          NativeCalls.write(queue.getNativePointer(), buffer, false, offset, staged));
    }
  }

  /** Returns the other way of writes. */
  UploadQueue uploads() {
    return uploads;
  }

  /** Frees the memory; the queue must have finished its commands. */
  synchronized void close() {
    Failures failures = new Failures();
    failures.run(uploads::close);
    for (int slot = 0; slot < SLOTS; slot++) {
      int each = slot;
      failures.run(() -> release(each));
    }
    if (!uploads.isOverdue()) {
      if (pinnedMemory != null) {
        failures.run(pinnedMemory::close);
      }
      failures.run(arena::close);
    }
    failures.rethrow();
  }

  private MemorySegment reserve(long bytes) {
    if (position + bytes > SLOT_BYTES) {
      rotate();
    }
    MemorySegment slot = slots[current];
    if (slot == null) {
      slot = newSlot();
      slots[current] = slot;
    }
    reservedAt = position;
    position += (bytes + ALIGNMENT_BYTES - 1) & -ALIGNMENT_BYTES;
    return slot.asSlice(reservedAt, bytes);
  }

  private MemorySegment newSlot() {
    PinnedMemory memory = pinnedMemory;
    if (pinned && memory == null) {
      try {
        memory = PinnedMemory.allocate(context, SLOTS * SLOT_BYTES);
        pinnedMemory = memory;
      } catch (DeviceMemoryException e) {
        pinned = false; // tables go before speed
      }
    }
    return pinned && memory != null
        ? memory.segment().asSlice(current * SLOT_BYTES, SLOT_BYTES)
        : arena.allocate(SLOT_BYTES, ALIGNMENT_BYTES);
  }

  private void rotate() {
    cl_event marker = new cl_event();
    JoclCall.check(
        "clEnqueueMarkerWithWaitList",
        () -> CL.clEnqueueMarkerWithWaitList(queue, 0, null, marker));
    lastUses[current] = marker;
    int next = (current + 1) % SLOTS;
    cl_event lastUse = lastUses[next];
    if (lastUse != null) {
      cl_event[] events = {lastUse};
      wait.await("clWaitForEvents", () -> CL.clWaitForEvents(1, events));
      release(next);
    }
    current = next;
    position = 0;
  }

  private void release(int slot) {
    cl_event lastUse = lastUses[slot];
    if (lastUse != null) {
      lastUses[slot] = null;
      JoclCall.check("clReleaseEvent", () -> CL.clReleaseEvent(lastUse));
    }
  }
}
