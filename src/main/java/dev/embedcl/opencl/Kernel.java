package dev.embedcl.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jocl.CL;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_program;
import org.jspecify.annotations.Nullable;

/**
 * A kernel with its arguments. Not thread-safe: setting the arguments and launching belong to one
 * thread at a time; a {@link KernelPool} hands every thread a kernel of its own. Only {@link
 * #close} may be called from anywhere.
 *
 * <p>Arguments stay set from launch to launch; setting one to what it is already costs nothing.
 */
public final class Kernel extends NativeObject {
  private final Program program;
  private final String name;
  private final cl_kernel id;
  private final long handle;
  private final KernelArguments arguments;
  private final MemorySegment global;
  private final MemorySegment local;

  private Kernel(Program program, String name, cl_kernel id, int argumentCount) {
    this.program = program;
    this.name = name;
    this.id = id;
    this.handle = id.getNativePointer();
    Arena arena = Arena.ofAuto(); // a few bytes; nothing to close
    this.arguments = new KernelArguments(name, handle, argumentCount, arena);
    this.global = arena.allocate(ValueLayout.JAVA_LONG, WorkSize.MAX_DIMENSIONS);
    this.local = arena.allocate(ValueLayout.JAVA_LONG, WorkSize.MAX_DIMENSIONS);
  }

  /** Makes a kernel; the caller keeps the program alive. */
  static Kernel create(Program program, cl_program programId, String name) {
    cl_kernel id =
        JoclCall.create(
            "clCreateKernel(\"" + name + "\")",
            status -> CL.clCreateKernel(programId, name, status));
    try {
      InfoQuery info =
          new InfoQuery(
              "clGetKernelInfo",
              (parameter, bytes, value, returned) ->
                  CL.clGetKernelInfo(id, parameter, bytes, value, returned));
      return new Kernel(program, name, id, (int) info.number(CL.CL_KERNEL_NUM_ARGS));
    } catch (OpenClException e) {
      JoclCall.check("clReleaseKernel", () -> CL.clReleaseKernel(id));
      throw e;
    }
  }

  /** Returns the name in the source. */
  public String name() {
    return name;
  }

  /** Returns the number of arguments. */
  public int arguments() {
    return arguments.count();
  }

  /**
   * Sets a pointer to global or constant memory.
   *
   * @throws IndexOutOfBoundsException if the kernel has no argument {@code index}
   * @throws IllegalArgumentException if the buffer belongs to another context
   * @throws IllegalStateException if this kernel or the buffer was closed
   * @throws OpenClException if the argument has another type
   */
  public void setArg(int index, Buffer buffer) {
    if (buffer.context() != program.context()) {
      throw new IllegalArgumentException(buffer + " belongs to another context than " + this);
    }
    enter();
    try {
      arguments.setBuffer(index, buffer);
    } finally {
      leave();
    }
  }

  /**
   * Sets a null pointer to global or constant memory, for a buffer that the kernel does not need.
   *
   * @throws IndexOutOfBoundsException if the kernel has no argument {@code index}
   * @throws IllegalStateException if this kernel was closed
   * @throws OpenClException if the argument has another type
   */
  public void setNullArg(int index) {
    set(index, KernelArguments.Kind.BUFFER, 0, Long.BYTES);
  }

  /** Sets an {@code int} or {@code uint}; throws what {@link #setNullArg} throws. */
  public void setArg(int index, int value) {
    set(index, KernelArguments.Kind.INT, value, Integer.BYTES);
  }

  /** Sets a {@code long} or {@code ulong}; throws what {@link #setNullArg} throws. */
  public void setArg(int index, long value) {
    set(index, KernelArguments.Kind.LONG, value, Long.BYTES);
  }

  /** Sets a {@code float}; throws what {@link #setNullArg} throws. */
  public void setArg(int index, float value) {
    set(index, KernelArguments.Kind.FLOAT, Float.floatToRawIntBits(value), Float.BYTES);
  }

  /**
   * Gives the kernel local memory; throws what {@link #setNullArg} throws.
   *
   * @param bytes its size per work-group
   */
  public void setLocalArg(int index, long bytes) {
    set(index, KernelArguments.Kind.LOCAL, bytes, bytes);
  }

  private void set(int index, KernelArguments.Kind kind, long value, long bytes) {
    enter();
    try {
      arguments.setValue(index, kind, value, bytes);
    } finally {
      leave();
    }
  }

  /**
   * Returns the largest work-group in which a device can run this kernel.
   *
   * @throws IllegalStateException if this kernel was closed
   * @throws OpenClException if the driver does not tell
   */
  public long workGroupSize(Device device) {
    return workGroupInfo(device, CL.CL_KERNEL_WORK_GROUP_SIZE);
  }

  /**
   * Returns the number of which a work-group's size should be a multiple.
   *
   * @throws IllegalStateException if this kernel was closed
   * @throws OpenClException if the driver does not tell
   */
  public long preferredWorkGroupMultiple(Device device) {
    return workGroupInfo(device, CL.CL_KERNEL_PREFERRED_WORK_GROUP_SIZE_MULTIPLE);
  }

  private long workGroupInfo(Device device, int parameter) {
    enter();
    try {
      return new InfoQuery(
              "clGetKernelWorkGroupInfo",
              (p, bytes, value, returned) ->
                  CL.clGetKernelWorkGroupInfo(id, device.clDeviceId(), p, bytes, value, returned))
          .number(parameter);
    } finally {
      leave();
    }
  }

  /** Enqueues this kernel; the sizes are checked and the caller has entered the queue. */
  void enqueue(
      Queue queue, long[] globalSize, long @Nullable [] localSize, @Nullable cl_event event) {
    if (program.context() != queue.context()) {
      throw new IllegalArgumentException(this + " belongs to another context than " + queue);
    }
    enter();
    try {
      arguments.enterBuffers();
      enqueueEntered(queue, globalSize, localSize, event);
    } finally {
      leave();
    }
  }

  private void enqueueEntered(
      Queue queue, long[] globalSize, long @Nullable [] localSize, @Nullable cl_event event) {
    try {
      int status =
          event == null
              ? enqueueUntimed(queue, globalSize, localSize)
              : JoclCall.status(() ->
                  CL.clEnqueueNDRangeKernel(
                      queue.id(),
                      id,
                      globalSize.length,
                      null,
                      globalSize,
                      localSize,
                      0,
                      null,
                      event));
      if (status != StatusCode.SUCCESS) {
        throw new OpenClException("clEnqueueNDRangeKernel(" + name + ")", status);
      }
    } finally {
      arguments.leaveBuffers();
    }
  }

  private int enqueueUntimed(Queue queue, long[] globalSize, long @Nullable [] localSize) {
    for (int i = 0; i < globalSize.length; i++) {
      global.setAtIndex(ValueLayout.JAVA_LONG, i, globalSize[i]);
      if (localSize != null) {
        local.setAtIndex(ValueLayout.JAVA_LONG, i, localSize[i]);
      }
    }
    return NativeCalls.launch(
        queue.handle(),
        handle,
        globalSize.length,
        global,
        localSize == null ? MemorySegment.NULL : local,
        MemorySegment.NULL);
  }

  @Override
  void destroy() {
    program.context().forget(this);
    JoclCall.check("clReleaseKernel", () -> CL.clReleaseKernel(id));
  }

  @Override
  public String toString() {
    return "Kernel " + name;
  }
}
