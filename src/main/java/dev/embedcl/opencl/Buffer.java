package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jocl.CL;
import org.jocl.cl_mem;
import org.jspecify.annotations.Nullable;

/**
 * Memory on a device. Commands that were enqueued before it is closed finish with it; a transfer or
 * launch after that throws {@link IllegalStateException}. Thread-safe.
 */
public final class Buffer extends NativeObject {
  private static final long READ_WRITE = 1L;
  private static final long USE_HOST_PTR = 1L << 3;

  private final Context context;
  private final MemoryBudget budget;
  private final cl_mem id;
  private final long handle;
  private final long bytes;
  private final long reservedBytes;

  /** The memory of a buffer made of host memory, which must stay reachable. */
  private final @Nullable MemorySegment hostMemory;

  private Buffer(
      Context context,
      MemoryBudget budget,
      cl_mem id,
      long bytes,
      long reservedBytes,
      @Nullable MemorySegment hostMemory) {
    this.context = context;
    this.budget = budget;
    this.id = id;
    this.handle = id.getNativePointer();
    this.bytes = bytes;
    this.reservedBytes = reservedBytes;
    this.hostMemory = hostMemory;
  }

  static Buffer allocate(Context context, MemoryBudget budget, long bytes, long flags) {
    long nativeBytes = Math.max(1, bytes); // OpenCL has no empty buffers
    budget.reserve(nativeBytes);
    try {
      cl_mem id =
          JoclCall.create(
              "clCreateBuffer",
              status -> CL.clCreateBuffer(context.id(), flags, nativeBytes, null, status));
      return new Buffer(context, budget, id, bytes, nativeBytes, null);
    } catch (RuntimeException | Error e) {
      budget.release(nativeBytes);
      throw e;
    }
  }

  static Buffer wrapHostMemory(Context context, MemoryBudget budget, MemorySegment segment) {
    Objects.requireNonNull(segment, "segment");
    if (!segment.isNative() || segment.isReadOnly() || segment.byteSize() == 0) {
      throw new IllegalArgumentException(
          segment + " must be native, writable and not empty to become a buffer");
    }
    HostMemory.checkAlive("segment", segment);
    long bytes = segment.byteSize();
    long reserved = context.device().hostUnifiedMemory() ? 0 : bytes;
    budget.checkSingle(bytes);
    budget.reserve(reserved);
    try {
      cl_mem id =
          JoclCall.create(
              "clCreateBuffer",
              status ->
                  CL.clCreateBuffer(
                      context.id(),
                      READ_WRITE | USE_HOST_PTR,
                      bytes,
                      HostMemory.pointerTo(segment),
                      status));
      return new Buffer(context, budget, id, bytes, reserved, segment);
    } catch (RuntimeException | Error e) {
      budget.release(reserved);
      throw e;
    }
  }

  /** Returns the size in bytes. */
  public long bytes() {
    return bytes;
  }

  /** Returns the context that owns this buffer. */
  public Context context() {
    return context;
  }

  /**
   * Returns JOCL's handle, for kernels of the caller's own. It is valid until this buffer is
   * closed; whoever wants it longer retains it.
   *
   * @throws IllegalStateException if this buffer was closed
   */
  public cl_mem clMem() {
    checkOpen();
    return id;
  }

  /** Returns the handle as a number. */
  long handle() {
    return handle;
  }

  /** Returns the handle; the caller has entered this buffer. */
  cl_mem id() {
    return id;
  }

  /**
   * Checks that a range lies within this buffer.
   *
   * @throws IndexOutOfBoundsException if not
   */
  void checkRange(long offsetBytes, long rangeBytes) {
    if (offsetBytes < 0 || rangeBytes < 0 || offsetBytes > bytes - rangeBytes) {
      throw new IndexOutOfBoundsException(
          rangeBytes + " bytes at offset " + offsetBytes + " leave " + this);
    }
  }

  @Override
  void destroy() {
    Failures failures = new Failures();
    if (hostMemory != null) {
      failures.run(context::finishQueues);
    }
    failures.run(() -> JoclCall.check("clReleaseMemObject", () -> CL.clReleaseMemObject(id)));
    budget.release(reservedBytes);
    context.forget(this);
    failures.rethrow();
  }

  @Override
  public String toString() {
    return "Buffer of " + bytes + " bytes at 0x" + Long.toHexString(handle);
  }
}
