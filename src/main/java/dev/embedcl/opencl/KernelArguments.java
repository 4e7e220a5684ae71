package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** What the arguments of one kernel are set to; setting one again to the same is free. */
final class KernelArguments {
  private static final long SLOT_BYTES = 8;

  /** What an argument is set to. */
  enum Kind {
    UNSET,
    BUFFER,
    INT,
    LONG,
    FLOAT,
    LOCAL
  }

  private final String kernelName;
  private final long kernel;
  private final MemorySegment[] slots;
  private final Kind[] kinds;
  private final long[] values;
  private final @Nullable Buffer[] buffers;

  KernelArguments(String kernelName, long kernel, int count, Arena arena) {
    this.kernelName = kernelName;
    this.kernel = kernel;
    this.slots = new MemorySegment[count];
    Arrays.setAll(slots, i -> arena.allocate(SLOT_BYTES, SLOT_BYTES));
    this.kinds = new Kind[count];
    Arrays.fill(kinds, Kind.UNSET);
    this.values = new long[count];
    this.buffers = new @Nullable Buffer[count];
  }

  int count() {
    return slots.length;
  }

  /** Sets a buffer; whether one that was set before is still open shows at the launch. */
  void setBuffer(int index, Buffer buffer) {
    checkIndex(index);
    if (buffers[index] == buffer) {
      return;
    }
    buffer.enter();
    try {
      send(index, Kind.BUFFER, buffer.handle(), Long.BYTES);
      buffers[index] = buffer;
    } finally {
      buffer.leave();
    }
  }

  /** Sets anything but a buffer. */
  void setValue(int index, Kind kind, long value, long bytes) {
    checkIndex(index);
    if (kinds[index] != kind || values[index] != value || buffers[index] != null) {
      send(index, kind, value, bytes);
    }
  }

  /**
   * Keeps all buffers alive.
   *
   * @throws IllegalStateException if one was closed; none is kept then
   */
  void enterBuffers() {
    int entered = 0;
    try {
      for (; entered < buffers.length; entered++) {
        Buffer buffer = buffers[entered];
        if (buffer != null) {
          buffer.enter();
        }
      }
    } catch (IllegalStateException e) {
      leaveBuffers(entered);
      throw e;
    }
  }

  /** Ends what {@link #enterBuffers} began. */
  void leaveBuffers() {
    leaveBuffers(buffers.length);
  }

  private void leaveBuffers(int entered) {
    for (int i = 0; i < entered; i++) {
      Buffer buffer = buffers[i];
      if (buffer != null) {
        buffer.leave();
      }
    }
  }

  private void send(int index, Kind kind, long value, long bytes) {
    buffers[index] = null;
    kinds[index] = Kind.UNSET; // until the driver has taken the new value
    MemorySegment slot = slots[index];
    if (bytes == Integer.BYTES) {
      slot.set(ValueLayout.JAVA_INT, 0, (int) value);
    } else {
      slot.set(ValueLayout.JAVA_LONG, 0, value);
    }
    int status =
        NativeCalls.setKernelArg(
            kernel, index, bytes, kind == Kind.LOCAL ? MemorySegment.NULL : slot);
    if (status != StatusCode.SUCCESS) {
      throw new OpenClException("clSetKernelArg(" + kernelName + ", " + index + ")", status);
    }
    kinds[index] = kind;
    values[index] = value;
  }

  private void checkIndex(int index) {
    if (index < 0 || index >= slots.length) {
      throw new IndexOutOfBoundsException(
          "argument " + index + " of kernel " + kernelName + ", which has " + slots.length);
    }
  }
}
