package dev.embedcl.opencl;

import org.jocl.CL;
import org.jocl.cl_event;

/** The execution of one kernel. Thread-safe. */
public final class Event extends NativeObject {
  private final Context context;
  private final cl_event id;

  Event(Context context, cl_event id) {
    this.context = context;
    this.id = id;
  }

  /**
   * Waits for the kernel and returns how long it ran on the device, in nanoseconds by the device's
   * clock.
   *
   * @throws IllegalStateException if this event was closed
   * @throws OpenClException if the kernel failed or the driver measured nothing
   */
  public long durationNanos() {
    enter();
    try {
      cl_event[] events = {id};
      JoclCall.check("clWaitForEvents", () -> CL.clWaitForEvents(1, events));
      InfoQuery info =
          new InfoQuery(
              "clGetEventProfilingInfo",
              (parameter, bytes, value, returned) ->
                  CL.clGetEventProfilingInfo(id, parameter, bytes, value, returned));
      return info.number(CL.CL_PROFILING_COMMAND_END) - info.number(CL.CL_PROFILING_COMMAND_START);
    } finally {
      leave();
    }
  }

  @Override
  void destroy() {
    context.forget(this);
    JoclCall.check("clReleaseEvent", () -> CL.clReleaseEvent(id));
  }

  @Override
  public String toString() {
    return "Event 0x" + Long.toHexString(id.getNativePointer());
  }
}
