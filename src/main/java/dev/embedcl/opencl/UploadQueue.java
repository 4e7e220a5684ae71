package dev.embedcl.opencl;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The way of uploads that need not wait for the kernels enqueued before them: on a queue of their
 * own to memory that no kernel knows, and from there by a copy on the device, which takes its turn
 * among the kernels and waits for the upload. So every buffer changes in the order of the kernels'
 * queue, as if there were no other.
 *
 * <p>The device's memory has the slots of the {@link StagingRing}: once the copies out of a slot
 * are done, so are the uploads before them, and both sides of it are free. Not thread-safe: the
 * ring's lock guards it.
 */
final class UploadQueue {
  private final Queue kernels;
  private final @Nullable Buffer[] slots = new @Nullable Buffer[StagingRing.SLOTS];
  private final MemorySegment event;
  private @Nullable Queue uploads;

  /**
   * Makes a way into the buffers of a queue's context.
   *
   * @param kernels whose order the copies keep
   */
  UploadQueue(Queue kernels, Arena arena) {
    this.kernels = kernels;
    this.event = arena.allocate(JAVA_LONG);
  }

  /**
   * Uploads staged memory.
   *
   * @param slot the slot of the ring
   * @param position where the memory lies in it
   * @return whether that was possible; not if the device's memory does not suffice
   */
  boolean write(int slot, long position, MemorySegment staged, long buffer, long offset) {
    Buffer device = slot(slot);
    if (device == null) {
      return false;
    }
    Queue aside = queue();
    aside.enter(device);
    try {
      JoclCall.check(
          "clEnqueueWriteBuffer",
          NativeCalls.writeAside(aside.handle(), device.handle(), position, staged, event));
      try {
        // Another queue may wait only for what was sent off.
        JoclCall.check("clFlush", NativeCalls.flush(aside.handle()));
        JoclCall.check(
            "clEnqueueCopyBuffer",
            NativeCalls.copyAfter(
                kernels.handle(),
                device.handle(),
                position,
                buffer,
                offset,
                staged.byteSize(),
                event));
      } finally {
        JoclCall.check("clReleaseEvent", NativeCalls.releaseEvent(event.get(JAVA_LONG, 0)));
      }
    } finally {
      aside.leave(device);
    }
    return true;
  }

  /** Returns whether the device did not come back from an upload; it may read staged memory yet. */
  boolean isOverdue() {
    return uploads != null && uploads.waiting().isOverdue();
  }

  /** Frees the device's memory and the queue; the copies must be done. */
  void close() {
    Failures failures = new Failures();
    if (uploads != null) {
      failures.run(uploads::close);
    }
    for (Buffer device : slots) {
      if (device != null) {
        failures.run(device::close);
      }
    }
    failures.rethrow();
  }

  /** Returns the queue of the uploads, made when first asked for. */
  Queue queue() {
    Queue opened = uploads;
    if (opened == null) {
      opened = Queue.open(kernels.context(), false);
      uploads = opened;
    }
    return opened;
  }

  private @Nullable Buffer slot(int slot) {
    Buffer device = slots[slot];
    if (device == null) {
      try {
        device = kernels.context().allocate(StagingRing.SLOT_BYTES);
        slots[slot] = device;
      } catch (DeviceMemoryException e) {
        return null; // tables go before speed
      }
    }
    return device;
  }
}
