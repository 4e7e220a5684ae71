package dev.embedcl.opencl;

import java.util.function.Consumer;
import org.jocl.CL;
import org.jocl.cl_event;

/** The execution of one kernel. Thread-safe. */
public final class Event extends NativeObject {
  private final Queue queue;
  private final cl_event id;

  private Event(Queue queue, cl_event id) {
    this.queue = queue;
    this.id = id;
  }

  /** Has a command enqueued with an event, which the context owns. */
  static Event of(Queue queue, Consumer<cl_event> command) {
    Context context = queue.context();
    context.enter();
    try {
      cl_event event = new cl_event();
      command.accept(event);
      return context.adopt(new Event(queue, event));
    } finally {
      context.leave();
    }
  }

  /**
   * Waits for the kernel and returns how long it ran on the device, in nanoseconds by the device's
   * clock.
   *
   * @throws IllegalStateException if this event was closed
   * @throws OpenClException if the kernel failed or the driver measured nothing
   */
  public long durationNanos() {
    return endNanos() - startNanos();
  }

  /**
   * Returns when the kernel began, by the device's clock; waits and throws as its duration does.
   */
  public long startNanos() {
    return nanos(CL.CL_PROFILING_COMMAND_START);
  }

  /**
   * Returns when the kernel ended, by the device's clock; waits and throws as its duration does.
   */
  public long endNanos() {
    return nanos(CL.CL_PROFILING_COMMAND_END);
  }

  private long nanos(int parameter) {
    enter();
    try {
      cl_event[] events = {id};
      queue.waiting().await("clWaitForEvents", () -> CL.clWaitForEvents(1, events));
      return new InfoQuery(
              "clGetEventProfilingInfo",
              (p, bytes, value, returned) ->
                  CL.clGetEventProfilingInfo(id, p, bytes, value, returned))
          .number(parameter);
    } finally {
      leave();
    }
  }

  @Override
  void destroy() {
    queue.context().forget(this);
    // PoCL aborts the process when an event goes while a thread waits for it, as one does for ever
    // where the device is lost.
    if (!queue.waiting().isOverdue()) {
      JoclCall.check("clReleaseEvent", () -> CL.clReleaseEvent(id));
    }
  }

  @Override
  public String toString() {
    return "Event 0x" + Long.toHexString(id.getNativePointer());
  }
}
