package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.function.Supplier;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jspecify.annotations.Nullable;

/**
 * An in-order command queue: commands run one after the other in the order in which they were
 * enqueued. Thread-safe; the commands of several threads interleave in some order.
 *
 * <p>Calls that wait do so until the device has finished, or for as many seconds as the system
 * property {@code embedcl.timeout}, or else the environment variable {@code EMBEDCL_TIMEOUT}, said
 * when the queue was opened; then they throw {@link OpenClTimeoutException}. A queue of commands
 * that have run out of time can be closed; what the device may still use is then left to it.
 */
public final class Queue extends NativeObject {
  private final Context context;
  private final cl_command_queue id;
  private final long handle;
  private final boolean profiling;
  private final CommandWait wait;
  private final HostTransfers transfers;
  private final Launches launches = new Launches(this);

  private Queue(Context context, long limitSeconds, cl_command_queue id, boolean profiling) {
    this.context = context;
    this.id = id;
    this.handle = id.getNativePointer();
    this.profiling = profiling;
    this.wait = new CommandWait(() -> CL.clFinish(id), context.device().toString(), limitSeconds);
    this.transfers = new HostTransfers(this);
  }

  /**
   * Makes a queue, owned by the context.
   *
   * @param profiling whether {@link #launchTimed} shall work; costs time on some drivers
   * @throws IllegalArgumentException if {@code embedcl.timeout} is not a number of seconds
   * @throws OpenClException if the driver refuses
   * @throws IllegalStateException if the context was closed
   */
  public static Queue open(Context context, boolean profiling) {
    long limitSeconds = CommandWait.configuredSeconds();
    return adopted(
        context,
        () ->
            new Queue(context, limitSeconds, CommandQueues.create(context, profiling), profiling));
  }

  /**
   * Uses a queue that the caller made and keeps: it is retained now and released when the result is
   * closed, which waits for everything that was enqueued in it.
   *
   * @throws IllegalArgumentException if the queue is out-of-order, or belongs to another context or
   *     device, or {@code embedcl.timeout} is not a number of seconds
   * @throws OpenClException if the handle is not valid
   * @throws IllegalStateException if the context was closed
   */
  public static Queue wrap(Context context, cl_command_queue queue) {
    Objects.requireNonNull(queue, "queue");
    long limitSeconds = CommandWait.configuredSeconds();
    return adopted(
        context,
        () -> {
          boolean profiling = CommandQueues.retain(context, queue);
          return new Queue(context, limitSeconds, queue, profiling);
        });
  }

  private static Queue adopted(Context context, Supplier<Queue> maker) {
    context.enter();
    try {
      return context.adopt(maker.get());
    } finally {
      context.leave();
    }
  }

  /** Returns the context. */
  public Context context() {
    return context;
  }

  /** Returns JOCL's handle, valid until this queue is closed. */
  public cl_command_queue clCommandQueue() {
    checkOpen();
    return id;
  }

  /**
   * Copies host memory into a buffer; on return {@code source} may be reused. Up to 1 MiB, and
   * always from the Java heap, the bytes are staged and the call waits for no earlier command;
   * larger native memory is handed to the driver, and the call waits until it was read.
   *
   * @param source heap or native memory of any size
   * @throws IndexOutOfBoundsException if the range leaves the buffer
   * @throws IllegalArgumentException if the buffer belongs to another context
   * @throws IllegalStateException if queue, buffer or the source's arena was closed
   * @throws WrongThreadException if the source is confined to another thread
   * @throws OpenClException if the driver reports an error
   */
  public void write(Buffer buffer, long offsetBytes, MemorySegment source) {
    buffer.checkRange(offsetBytes, source.byteSize());
    HostMemory.checkAlive("source", source);
    enter(buffer);
    try {
      transfers.write(buffer, offsetBytes, source);
    } finally {
      leave(buffer);
    }
  }

  /**
   * Has later writes that are staged, and are not smaller, uploaded on a queue of their own, past
   * the commands enqueued before them; only a copy on the device then takes its turn. Nothing else
   * of {@link #write} changes. The queue is made at the first such write, on the context and device
   * of this one, and memory of up to 4 MiB on the device with it, unless too little is left.
   *
   * @param leastBytes the smallest of those writes; {@link Long#MAX_VALUE} for none, as at first
   */
  public void uploadAside(long leastBytes) {
    transfers.uploadAside(leastBytes);
  }

  /**
   * Has writes that are staged pass through memory of the driver's, which drivers of GPUs pin, as
   * far as they have not passed through other memory yet; to be called before the first of them. At
   * the next one 4 MiB of it are made, with a queue of their own, unless too little is left.
   *
   * @param pinned false for memory of the process, as at first
   */
  public void pinStaging(boolean pinned) {
    transfers.pinStaging(pinned);
  }

  /**
   * Copies from a buffer into host memory; waits for the commands enqueued before.
   *
   * @param target heap or native memory of any size, filled completely
   * @throws IndexOutOfBoundsException if the range leaves the buffer
   * @throws IllegalArgumentException if {@code target} is read-only or the buffer belongs to
   *     another context
   * @throws IllegalStateException if queue, buffer or the target's arena was closed
   * @throws WrongThreadException if the target is confined to another thread
   * @throws OpenClException if the driver reports an error, of this command or an earlier one
   */
  public void read(Buffer buffer, long offsetBytes, MemorySegment target) {
    HostMemory.checkWritable("target", target);
    buffer.checkRange(offsetBytes, target.byteSize());
    HostMemory.checkAlive("target", target);
    enter(buffer);
    try {
      if (target.byteSize() == 0) {
        wait.finish();
      } else {
        transfers.read(buffer, offsetBytes, target);
      }
    } finally {
      leave(buffer);
    }
  }

  /**
   * Fills a range of a buffer with one byte.
   *
   * @throws IndexOutOfBoundsException if the range leaves the buffer
   * @throws IllegalArgumentException if the buffer belongs to another context
   * @throws IllegalStateException if queue or buffer was closed
   * @throws OpenClException if the driver reports an error
   */
  public void fill(Buffer buffer, long offsetBytes, long bytes, byte value) {
    buffer.checkRange(offsetBytes, bytes);
    enter(buffer);
    try {
      if (bytes > 0) {
        BufferCommands.fill(id, buffer, offsetBytes, bytes, value);
      }
    } finally {
      leave(buffer);
    }
  }

  /**
   * Copies between two buffers, or two ranges of one that do not overlap.
   *
   * @throws IndexOutOfBoundsException if a range leaves its buffer
   * @throws IllegalArgumentException if the ranges overlap or a buffer belongs to another context
   * @throws IllegalStateException if queue or a buffer was closed
   * @throws OpenClException if the driver reports an error
   */
  public void copy(
      Buffer source, long sourceOffsetBytes, Buffer target, long targetOffsetBytes, long bytes) {
    BufferCommands.checkCopy(source, sourceOffsetBytes, target, targetOffsetBytes, bytes);
    enter(source);
    try {
      enter(target);
      try {
        if (bytes > 0) {
          BufferCommands.copy(id, source, sourceOffsetBytes, target, targetOffsetBytes, bytes);
        }
      } finally {
        leave(target);
      }
    } finally {
      leave(source);
    }
  }

  /**
   * Makes a buffer's content visible to the host, without a copy where host and device share
   * memory; waits for the commands enqueued before. Until the mapping is closed no command may use
   * the buffer, and closing buffer, queue or context leaves it to the mapping to release them.
   *
   * @param write whether the host writes; otherwise its writes may be lost
   * @throws IllegalArgumentException if the buffer belongs to another context
   * @throws IllegalStateException if queue or buffer was closed
   * @throws OpenClException if the driver reports an error
   */
  public Mapping map(Buffer buffer, boolean write) {
    context.enter();
    try {
      return context.adopt(Mapping.open(this, buffer, write));
    } finally {
      context.leave();
    }
  }

  /**
   * Enqueues a kernel. Does nothing if one of the global sizes is 0. The kernel belongs to this
   * thread until the call returns.
   *
   * @param globalWorkSize the number of work-items in 1, 2 or 3 dimensions
   * @param localWorkSize the work-group in as many dimensions, or null to leave it to the driver
   * @throws IllegalArgumentException if a size is negative, the dimensions are not 1 to 3 or
   *     differ, or the kernel or one of its buffers belongs to another context
   * @throws IllegalStateException if queue, kernel or one of the kernel's buffers was closed
   * @throws OpenClException if the driver reports an error
   */
  public void launch(Kernel kernel, long[] globalWorkSize, long @Nullable [] localWorkSize) {
    launches.launch(kernel, globalWorkSize, localWorkSize);
  }

  /**
   * Enqueues a kernel and returns an event that tells how long it ran; see {@link #launch}.
   *
   * @throws IllegalArgumentException as {@link #launch} does, and if a global size is 0
   * @throws IllegalStateException as {@link #launch} does, and if the queue has no profiling
   * @throws OpenClException if the driver reports an error
   */
  public Event launchTimed(Kernel kernel, long[] globalWorkSize, long @Nullable [] localWorkSize) {
    requireProfiling();
    return launches.launchTimed(kernel, globalWorkSize, localWorkSize);
  }

  /** Has each later {@link #launch} timed, for an observer or null; throws without profiling. */
  public void observeLaunches(@Nullable LaunchObserver launchObserver) {
    requireProfiling();
    launches.observe(launchObserver);
  }

  private void requireProfiling() {
    if (!profiling) {
      throw new IllegalStateException(this + " has no profiling; open it with profiling = true");
    }
  }

  /** Returns whether {@link #launchTimed} works. */
  public boolean profiling() {
    return profiling;
  }

  /**
   * Waits until everything that was enqueued is done.
   *
   * @throws IllegalStateException if this queue was closed
   * @throws OpenClException if a command failed
   */
  public void finish() {
    enter();
    try {
      wait.finish();
    } finally {
      leave();
    }
  }

  /**
   * Sends everything that was enqueued to the device, without waiting.
   *
   * @throws IllegalStateException if this queue was closed
   * @throws OpenClException if the driver reports an error
   */
  public void flush() {
    enter();
    try {
      JoclCall.check("clFlush", NativeCalls.flush(handle));
    } finally {
      leave();
    }
  }

  /** Waits like {@link #finish}, if this queue is still open. */
  void finishIfOpen() {
    if (tryEnter()) {
      try {
        wait.finish();
      } finally {
        leave();
      }
    }
  }

  long handle() {
    return handle;
  }

  CommandWait waiting() {
    return wait;
  }

  cl_command_queue id() {
    return id;
  }

  /** Keeps queue and buffer alive for a call. */
  void enter(Buffer buffer) {
    if (buffer.context() != context) {
      throw new IllegalArgumentException(buffer + " belongs to another context than " + this);
    }
    enter();
    try {
      buffer.enter();
    } catch (IllegalStateException e) {
      leave();
      throw e;
    }
  }

  /** Ends what {@link #enter(Buffer)} began. */
  void leave(Buffer buffer) {
    try {
      buffer.leave();
    } finally {
      leave();
    }
  }

  @Override
  void destroy() {
    Failures failures = new Failures();
    if (!wait.isOverdue()) {
      failures.run(wait::finish);
    }
    // A device that does not come back still uses the queue and its staging memory: it keeps them.
    if (!wait.isOverdue()) {
      failures.run(transfers::close);
      failures.run(
          () -> JoclCall.check("clReleaseCommandQueue", () -> CL.clReleaseCommandQueue(id)));
    }
    context.forget(this);
    failures.rethrow();
  }

  @Override
  public String toString() {
    return "Queue of " + context.device();
  }
}
