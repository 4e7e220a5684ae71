package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Queue;
import java.lang.foreign.MemorySegment;

/**
 * A buffer of an {@link OpenClBackend}. {@link #buffer()} gives kernels of the caller's own access
 * to its {@code cl_mem}; enqueue them on the backend's queue, or synchronise in between.
 */
public final class OpenClBuffer implements DeviceBuffer {
  private final OpenClBackend owner;
  private final Queue queue;
  private final Buffer buffer;
  private final DType type;
  private final long elements;

  OpenClBuffer(OpenClBackend owner, Queue queue, Buffer buffer, DType type, long elements) {
    this.owner = owner;
    this.queue = queue;
    this.buffer = buffer;
    this.type = type;
    this.elements = elements;
  }

  @Override
  public DType type() {
    return type;
  }

  @Override
  public long elements() {
    return elements;
  }

  /**
   * Returns the OpenCL buffer; it stays owned by this object.
   *
   * @throws IllegalStateException if this buffer was closed
   */
  public Buffer buffer() {
    if (buffer.isClosed()) {
      throw new IllegalStateException(this + " is closed; allocate another buffer");
    }
    return buffer;
  }

  OpenClBackend owner() {
    return owner;
  }

  @Override
  public void write(long offsetElements, MemorySegment source) {
    queue.write(buffer(), offsetBytes(offsetElements, source), source);
  }

  @Override
  public void read(long offsetElements, MemorySegment target) {
    queue.read(buffer(), offsetBytes(offsetElements, target), target);
  }

  @Override
  public Mapping map(MapMode mode) {
    dev.embedcl.opencl.Mapping mapping = queue.map(buffer(), mode == MapMode.READ_WRITE);
    return new Mapping() {
      @Override
      public MemorySegment segment() {
        if (mapping.isClosed()) {
          throw new IllegalStateException("the mapping of " + OpenClBuffer.this + " is closed");
        }
        return mapping.segment();
      }

      @Override
      public void close() {
        mapping.close();
      }
    };
  }

  @Override
  public void close() {
    buffer.close();
  }

  @Override
  public String toString() {
    return "OpenClBuffer(" + type + ", " + elements + " elements)";
  }

  private long offsetBytes(long offsetElements, MemorySegment host) {
    long count = host.byteSize() / type.bytes();
    if (host.byteSize() % type.bytes() != 0) {
      throw new IndexOutOfBoundsException(
          "host memory of " + host.byteSize() + " bytes does not hold whole elements of " + type);
    }
    if (offsetElements < 0 || count > elements - offsetElements) {
      throw new IndexOutOfBoundsException(
          "elements ["
              + offsetElements
              + ", "
              + (offsetElements + count)
              + ") are out of range [0, "
              + elements
              + ") of "
              + this);
    }
    return offsetElements * type.bytes();
  }
}
