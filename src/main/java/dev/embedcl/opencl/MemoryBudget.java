package dev.embedcl.opencl;

import java.util.concurrent.atomic.AtomicLong;

/**
 * What the buffers of one context may take of the device's memory. Drivers do not reliably say no:
 * PoCL promises any amount and ends the process when the memory is touched.
 */
final class MemoryBudget {
  private final Device device;
  private final AtomicLong reservedBytes = new AtomicLong();

  MemoryBudget(Device device) {
    this.device = device;
  }

  /** Returns what is left, in bytes. */
  long availableBytes() {
    return Math.max(0, device.globalMemoryBytes() - reservedBytes.get());
  }

  /**
   * Takes {@code bytes} out of the budget.
   *
   * @throws DeviceMemoryException if the device does not allow a buffer of that size, or that much
   *     memory is not left
   */
  void reserve(long bytes) {
    checkSingle(bytes);
    long before;
    do {
      before = reservedBytes.get();
      long available = Math.max(0, device.globalMemoryBytes() - before);
      if (bytes > available) {
        throw new DeviceMemoryException(
            StatusCode.MEM_OBJECT_ALLOCATION_FAILURE,
            bytes,
            Math.min(available, device.maxAllocationBytes()),
            String.format(
                "a buffer of %d bytes is needed, %d of the %d bytes of %s are left; close unused"
                    + " buffers, use smaller tables or the CPU backend",
                bytes, available, device.globalMemoryBytes(), device.name()));
      }
    } while (!reservedBytes.compareAndSet(before, before + bytes));
  }

  /**
   * Checks the limit of a single buffer alone.
   *
   * @throws DeviceMemoryException if the device does not allow a buffer of that size
   */
  void checkSingle(long bytes) {
    if (bytes > device.maxAllocationBytes()) {
      throw new DeviceMemoryException(
          StatusCode.INVALID_BUFFER_SIZE,
          bytes,
          Math.min(availableBytes(), device.maxAllocationBytes()),
          String.format(
              "a buffer of %d bytes is needed, %s allows %d bytes in one buffer"
                  + " (CL_DEVICE_MAX_MEM_ALLOC_SIZE); use a smaller table or the CPU backend",
              bytes, device.name(), device.maxAllocationBytes()));
    }
  }

  /** Gives {@code bytes} back. */
  void release(long bytes) {
    reservedBytes.addAndGet(-bytes);
  }
}
