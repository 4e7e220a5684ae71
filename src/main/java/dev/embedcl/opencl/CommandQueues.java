package dev.embedcl.opencl;

import org.jocl.CL;
import org.jocl.cl_command_queue;

/** Makes native queues, and looks at those that others made. */
final class CommandQueues {
  private static final long OUT_OF_ORDER = 1;
  private static final long PROFILING = 1 << 1;

  private CommandQueues() {}

  // The newer function does not exist before OpenCL 2.0; this one works everywhere.
  @SuppressWarnings("deprecation")
  static cl_command_queue create(Context context, boolean profiling) {
    return JoclCall.create(
        "clCreateCommandQueue",
        status ->
            CL.clCreateCommandQueue(
                context.id(), context.device().clDeviceId(), profiling ? PROFILING : 0, status));
  }

  /**
   * Checks that a queue can be used and retains it; returns whether it has profiling.
   *
   * @throws IllegalArgumentException if it is out-of-order or belongs to something else
   */
  static boolean retain(Context context, cl_command_queue queue) {
    InfoQuery info =
        new InfoQuery(
            "clGetCommandQueueInfo",
            (parameter, bytes, value, returned) ->
                CL.clGetCommandQueueInfo(queue, parameter, bytes, value, returned));
    long properties = info.number(CL.CL_QUEUE_PROPERTIES);
    if ((properties & OUT_OF_ORDER) != 0) {
      throw new IllegalArgumentException("the queue is out-of-order; pass an in-order queue");
    }
    if (info.number(CL.CL_QUEUE_CONTEXT) != context.id().getNativePointer()
        || info.number(CL.CL_QUEUE_DEVICE) != context.device().clDeviceId().getNativePointer()) {
      throw new IllegalArgumentException("the queue does not belong to the " + context);
    }
    JoclCall.check("clRetainCommandQueue", () -> CL.clRetainCommandQueue(queue));
    return (properties & PROFILING) != 0;
  }
}
