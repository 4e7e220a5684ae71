package dev.embedcl.backend.cpu;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.lang.foreign.MemorySegment;

/**
 * Off-heap memory of a {@link CpuBackend}. Everything that touches the memory holds the backend's
 * lock, but for the user of a mapping, whom the block guards.
 */
final class CpuBuffer implements DeviceBuffer {
  private final CpuBackend backend;
  private final DType type;
  private final long elements;
  private final long number;
  private final CpuBlock block;
  private boolean closed; // guarded by the backend's lock

  CpuBuffer(CpuBackend backend, DType type, long elements, long number, CpuBlock block) {
    this.backend = backend;
    this.type = type;
    this.elements = elements;
    this.number = number;
    this.block = block;
  }

  @Override
  public DType type() {
    return type;
  }

  @Override
  public long elements() {
    return elements;
  }

  @Override
  public void write(long offsetElements, MemorySegment source) {
    long offsetBytes = offsetBytes(offsetElements, source, "source");
    backend.locked(() -> MemorySegment.copy(source, 0, memory(), offsetBytes, source.byteSize()));
  }

  @Override
  public void read(long offsetElements, MemorySegment target) {
    requireArgument(!target.isReadOnly(), "target is read-only; %s cannot be read into it", this);
    long offsetBytes = offsetBytes(offsetElements, target, "target");
    backend.locked(() -> MemorySegment.copy(memory(), offsetBytes, target, 0, target.byteSize()));
  }

  @Override
  public Mapping map(MapMode mode) {
    MemorySegment mapped =
        backend.locked(() -> {
          requireOpen();
          return block.mapped();
        });
    return new DirectMapping(
        switch (mode) {
          case READ -> mapped.asReadOnly();
          case READ_WRITE -> mapped;
        });
  }

  @Override
  public void close() {
    if (backend.release(this)) {
      free();
    }
  }

  @Override
  public String toString() {
    return "CpuBuffer#" + number + "(" + type + ", " + elements + " elements)";
  }

  boolean belongsTo(CpuBackend other) {
    return backend == other;
  }

  /** Returns the memory; to be called, and used, under the backend's lock. */
  MemorySegment memory() {
    requireOpen();
    return block.segment();
  }

  /** Marks this as closed, under the backend's lock; returns whether it was open. */
  boolean markClosed() {
    boolean wasOpen = !closed;
    closed = true;
    return wasOpen;
  }

  /** Frees the memory of a buffer just marked as closed; may wait for a user of a mapping. */
  void free() {
    block.free();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(this + " is closed");
    }
  }

  private long offsetBytes(long offsetElements, MemorySegment other, String otherName) {
    long bytes = other.byteSize();
    if (bytes % type.bytes() != 0) {
      throw new IndexOutOfBoundsException(
          otherName + " has " + bytes + " bytes, which are no whole " + type + " elements");
    }
    long count = bytes / type.bytes();
    if (offsetElements < 0 || offsetElements > elements - count) {
      throw new IndexOutOfBoundsException(
          "elements "
              + offsetElements
              + " to "
              + (offsetElements + count)
              + " are out of range [0, "
              + elements
              + ") of "
              + this);
    }
    return offsetElements * type.bytes();
  }

  /** The memory itself: nothing to copy, nothing to give back. */
  private static final class DirectMapping implements Mapping {
    private final MemorySegment segment;
    private volatile boolean closed;

    DirectMapping(MemorySegment segment) {
      this.segment = segment;
    }

    @Override
    public MemorySegment segment() {
      if (closed) {
        throw new IllegalStateException("the mapping is closed");
      }
      return segment;
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
