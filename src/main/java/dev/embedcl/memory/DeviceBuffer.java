package dev.embedcl.memory;

import java.lang.foreign.MemorySegment;

/**
 * Memory on a device, made by a backend's {@code allocate} and zero-filled at first.
 *
 * <p>A buffer belongs to the backend that made it and can be used with no other. Transfers take
 * their turn behind the operations enqueued before them. Any thread may call any method; two
 * threads that write the same bytes, or one that writes what the other reads, need their own order.
 * Closing while others use the buffer is safe: work already enqueued finishes first, and whoever
 * comes later gets an {@link IllegalStateException} that names the buffer.
 */
public interface DeviceBuffer extends AutoCloseable {

  /** Returns the element type. */
  DType type();

  /** Returns the number of elements. */
  long elements();

  /** Returns the size in bytes. */
  default long bytes() {
    return elements() * type().bytes();
  }

  /**
   * Copies host memory into this buffer. When the call returns, {@code source} may be reused.
   *
   * @param offsetElements the first element of this buffer to be written
   * @param source little-endian elements; heap or native, of any size that fits
   * @throws IndexOutOfBoundsException if the range leaves the buffer, or {@code source} does not
   *     hold whole elements
   * @throws IllegalStateException if this buffer, its backend or the source's arena was closed
   */
  void write(long offsetElements, MemorySegment source);

  /** Copies host memory to the start of this buffer; see {@link #write(long, MemorySegment)}. */
  default void write(MemorySegment source) {
    write(0, source);
  }

  /**
   * Copies from this buffer into host memory; waits for the operations enqueued before.
   *
   * @param offsetElements the first element of this buffer to be read
   * @param target receives as many little-endian elements as it holds; heap or native
   * @throws IndexOutOfBoundsException if the range leaves the buffer, or {@code target} does not
   *     hold whole elements
   * @throws IllegalArgumentException if {@code target} is read-only
   * @throws IllegalStateException if this buffer, its backend or the target's arena was closed
   */
  void read(long offsetElements, MemorySegment target);

  /** Copies from the start of this buffer; see {@link #read(long, MemorySegment)}. */
  default void read(MemorySegment target) {
    read(0, target);
  }

  /**
   * Makes the buffer's content visible to the host, without a copy where the device shares host
   * memory; waits for the operations enqueued before. Until the mapping is closed, no operation may
   * use the buffer.
   *
   * @throws IllegalStateException if this buffer or its backend was closed
   */
  Mapping map(MapMode mode);

  /** Frees the memory, after the work that was enqueued on it; further calls do nothing. */
  @Override
  void close();

  /** What a mapping is for. */
  enum MapMode {
    /** The host reads; its writes, if any, are lost or not as the device pleases. */
    READ,
    /** The host reads and writes; the device sees the writes once the mapping is closed. */
    READ_WRITE
  }

  /** A buffer's content as host memory, until closed. */
  interface Mapping extends AutoCloseable {
    /** Returns the whole content; access after {@link #close} throws or is refused. */
    MemorySegment segment();

    /** Gives the memory back to the device; further calls do nothing. */
    @Override
    void close();
  }
}
