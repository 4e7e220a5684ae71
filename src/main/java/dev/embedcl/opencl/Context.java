package dev.embedcl.opencl;

import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Objects;
import java.util.SequencedSet;
import org.jocl.CL;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;

/**
 * An OpenCL context of one device, and the owner of what is made in it: closing it closes its
 * queues, buffers, mappings, programs, kernels and events. Thread-safe.
 */
public final class Context extends NativeObject {
  private final cl_context id;
  private final Device device;
  private final MemoryBudget budget;
  private final ProgramCache programs = new ProgramCache(this);
  private final SequencedSet<NativeObject> children = new LinkedHashSet<>();

  private Context(cl_context id, Device device) {
    this.id = id;
    this.device = device;
    this.budget = new MemoryBudget(device);
  }

  /**
   * Makes a context of a device.
   *
   * @throws OpenClException if the driver refuses
   */
  public static Context open(Device device) {
    cl_context_properties properties = new cl_context_properties();
    properties.addProperty(CL.CL_CONTEXT_PLATFORM, device.platform().clPlatformId());
    cl_device_id[] devices = {device.clDeviceId()};
    return new Context(
        JoclCall.create(
            "clCreateContext",
            status -> CL.clCreateContext(properties, 1, devices, null, null, status)),
        device);
  }

  /**
   * Uses a context that the caller made and keeps: it is retained now and released when the result
   * is closed.
   *
   * @param device the device of the context to work with
   * @throws OpenClUnavailableException if OpenCL cannot be loaded
   * @throws OpenClException if one of the handles is not valid
   */
  public static Context wrap(cl_context context, cl_device_id device) {
    Objects.requireNonNull(context, "context");
    Device wrapped = Device.wrap(device);
    JoclCall.check("clRetainContext", () -> CL.clRetainContext(context));
    return new Context(context, wrapped);
  }

  /** Returns the device. */
  public Device device() {
    return device;
  }

  /** Returns how many bytes of the device's memory the open buffers of this context leave. */
  public long availableBytes() {
    return budget.availableBytes();
  }

  /**
   * Makes a buffer. Its content is undefined.
   *
   * @param bytes its size; may be 0
   * @throws IllegalArgumentException if {@code bytes} is negative
   * @throws DeviceMemoryException if the device does not allow a buffer of that size, or that much
   *     memory is not left; the driver is not asked then
   * @throws OpenClException if the driver refuses
   * @throws IllegalStateException if this context was closed
   */
  public Buffer allocate(long bytes, MemoryFlag... flags) {
    if (bytes < 0) {
      throw new IllegalArgumentException("bytes = " + bytes + " must not be negative");
    }
    enter();
    try {
      return adopt(Buffer.allocate(this, budget, bytes, MemoryFlag.bits(flags)));
    } finally {
      leave();
    }
  }

  /**
   * Makes a buffer out of host memory, without a copy where the device shares memory with the host.
   * The host must not touch the segment but through {@link Queue#map}, and its arena must stay open
   * until the buffer is closed; closing the buffer waits for the queues of this context.
   *
   * @throws IllegalArgumentException if the segment is empty, read-only or on the Java heap
   * @throws DeviceMemoryException if the device does not allow a buffer of that size, or, where it
   *     has memory of its own, that much is not left
   * @throws OpenClException if the driver refuses
   * @throws IllegalStateException if this context or the segment's arena was closed
   */
  public Buffer wrapHostMemory(MemorySegment segment) {
    enter();
    try {
      return adopt(Buffer.wrapHostMemory(this, budget, segment));
    } finally {
      leave();
    }
  }

  /**
   * Returns a program that this context owns, built on first use. Threads that ask for the same one
   * at the same time build it once.
   *
   * @param source OpenCL C
   * @param options the compiler's options
   * @throws ProgramBuildException if the source does not compile; asked again, it is tried again
   * @throws OpenClException if the driver fails otherwise
   * @throws IllegalStateException if this context was closed
   */
  public Program program(String source, String options) {
    enter();
    try {
      return programs.get(source, options);
    } finally {
      leave();
    }
  }

  /** Returns the programs built so far and not closed, in no order, to look at what they became. */
  public List<Program> programs() {
    synchronized (children) {
      return children.stream()
          .filter(Program.class::isInstance)
          .map(Program.class::cast)
          .filter(program -> !program.isClosed())
          .toList();
    }
  }

  /** Returns JOCL's handle, valid until this context is closed. */
  public cl_context clContext() {
    checkOpen();
    return id;
  }

  cl_context id() {
    return id;
  }

  /** Takes a new object into ownership; to be called between {@code enter} and {@code leave}. */
  <T extends NativeObject> T adopt(T child) {
    synchronized (children) {
      children.add(child);
    }
    return child;
  }

  /** Ends the ownership of an object that was released. */
  void forget(NativeObject child) {
    synchronized (children) {
      children.remove(child);
    }
  }

  /** Waits until no command of this context uses memory that is about to go. */
  void finishQueues() {
    for (NativeObject child : newestFirst()) {
      if (child instanceof Queue queue) {
        queue.finishIfOpen();
      }
    }
  }

  @Override
  void destroy() {
    Failures failures = new Failures();
    for (NativeObject child : newestFirst()) {
      failures.run(child::close);
    }
    failures.run(() -> JoclCall.check("clReleaseContext", () -> CL.clReleaseContext(id)));
    failures.rethrow();
  }

  private List<NativeObject> newestFirst() {
    synchronized (children) {
      return List.copyOf(children.reversed());
    }
  }

  @Override
  public String toString() {
    return "Context of " + device;
  }
}
