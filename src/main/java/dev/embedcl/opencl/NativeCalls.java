package dev.embedcl.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The OpenCL calls of every step: those that pass host memory, launch kernels or send commands off.
 * They go through the foreign-function interface to the library that JOCL loaded.
 *
 * <p>A segment passed here is checked to be open and accessible to this thread, and its arena
 * cannot be closed until the call returns; JOCL sees an address only, of at most 2 GiB. Handles are
 * passed as the numbers that JOCL's objects hold.
 */
final class NativeCalls {
  /** What no event and no wait list look like. */
  private static final long NULL = 0;

  private static final int BLOCKING = 1;
  private static final int NON_BLOCKING = 0;

  private static final FunctionDescriptor TRANSFER =
      FunctionDescriptor.of(
          JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT,
          JAVA_LONG, ADDRESS);
  private static final MethodHandle READ = NativeLibrary.bind("clEnqueueReadBuffer", TRANSFER);
  private static final MethodHandle WRITE = NativeLibrary.bind("clEnqueueWriteBuffer", TRANSFER);
  private static final MethodHandle MAP =
      NativeLibrary.bind(
          "clEnqueueMapBuffer",
          FunctionDescriptor.of(
              JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
              JAVA_LONG, JAVA_LONG, ADDRESS));
  private static final MethodHandle UNMAP =
      NativeLibrary.bind(
          "clEnqueueUnmapMemObject",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG));
  private static final MethodHandle SET_KERNEL_ARG =
      NativeLibrary.bind(
          "clSetKernelArg",
          FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS));
  private static final MethodHandle LAUNCH =
      NativeLibrary.bind(
          "clEnqueueNDRangeKernel",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, JAVA_INT,
              JAVA_LONG, ADDRESS));
  private static final MethodHandle COPY =
      NativeLibrary.bind(
          "clEnqueueCopyBuffer",
          FunctionDescriptor.of(
              JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_INT,
              ADDRESS, JAVA_LONG));
  private static final MethodHandle RELEASE_EVENT =
      NativeLibrary.bind("clReleaseEvent", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
  private static final MethodHandle FLUSH =
      NativeLibrary.bind("clFlush", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));

  private NativeCalls() {}

  /** Runs the static initialiser, where a missing library or function shows. */
  static void load() {
    NativeLibrary.require("clFinish");
  }

  /** Reads device memory into a native segment, waiting for everything enqueued before. */
  static int read(long queue, long buffer, long offset, MemorySegment target) {
    try {
      return (int)
          READ.invokeExact(
              queue,
              buffer,
              BLOCKING,
              offset,
              target.byteSize(),
              target,
              0,
              NULL,
              MemorySegment.NULL);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /**
   * Writes a native segment to device memory. Without waiting, the segment must stay as it is until
   * the queue has finished the command.
   */
  static int write(long queue, long buffer, boolean wait, long offset, MemorySegment source) {
    return write(queue, buffer, wait ? BLOCKING : NON_BLOCKING, offset, source, MemorySegment.NULL);
  }

  /** Writes without waiting as {@link #write} does, and leaves an event, to be released. */
  static int writeAside(
      long queue, long buffer, long offset, MemorySegment source, MemorySegment event) {
    return write(queue, buffer, NON_BLOCKING, offset, source, event);
  }

  private static int write(
      long queue,
      long buffer,
      int blocking,
      long offset,
      MemorySegment source,
      MemorySegment event) {
    try {
      return (int)
          WRITE.invokeExact(
              queue, buffer, blocking, offset, source.byteSize(), source, 0, NULL, event);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Maps a whole buffer, waiting for it; returns its address and leaves the status. */
  static long map(long queue, long buffer, long flags, long bytes, MemorySegment status) {
    try {
      return (long)
          MAP.invokeExact(queue, buffer, BLOCKING, flags, 0L, bytes, 0, NULL, NULL, status);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Ends a mapping. */
  static int unmap(long queue, long buffer, long address) {
    try {
      return (int) UNMAP.invokeExact(queue, buffer, address, 0, NULL, NULL);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Sets a kernel argument from {@code bytes} bytes at {@code value}. */
  static int setKernelArg(long kernel, int index, long bytes, MemorySegment value) {
    try {
      return (int) SET_KERNEL_ARG.invokeExact(kernel, index, bytes, value);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Enqueues a kernel; {@code local} and {@code event} may be {@link MemorySegment#NULL}. */
  static int launch(
      long queue,
      long kernel,
      int dimensions,
      MemorySegment global,
      MemorySegment local,
      MemorySegment event) {
    try {
      return (int)
          LAUNCH.invokeExact(queue, kernel, dimensions, NULL, global, local, 0, NULL, event);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Copies between buffers once the event that lies at {@code event} has come. */
  static int copyAfter(
      long queue,
      long source,
      long sourceOffset,
      long target,
      long targetOffset,
      long bytes,
      MemorySegment event) {
    try {
      return (int)
          COPY.invokeExact(
              queue, source, target, sourceOffset, targetOffset, bytes, 1, event, NULL);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Gives an event back; commands that wait for it still find it. */
  static int releaseEvent(long event) {
    try {
      return (int) RELEASE_EVENT.invokeExact(event);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  /** Sends what was enqueued to the device. */
  static int flush(long queue) {
    try {
      return (int) FLUSH.invokeExact(queue);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static RuntimeException unchecked(Throwable e) {
    if (e instanceof RuntimeException runtime) {
      return runtime;
    }
    if (e instanceof Error error) {
      throw error;
    }
    throw new AssertionError("an OpenCL call threw a checked exception", e);
  }
}
