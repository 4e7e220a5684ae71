package dev.embedcl.opencl;

import org.jocl.cl_event;
import org.jspecify.annotations.Nullable;

/** How a queue enqueues kernels: plainly, or each with an event that tells how long it ran. */
final class Launches {
  private final Queue queue;
  private volatile @Nullable LaunchObserver observer;

  Launches(Queue queue) {
    this.queue = queue;
  }

  /** Has each later {@link #launch} timed, for an observer or null. */
  void observe(@Nullable LaunchObserver launchObserver) {
    observer = launchObserver;
  }

  /** As {@link Queue#launch}. */
  void launch(Kernel kernel, long[] globalWorkSize, long @Nullable [] localWorkSize) {
    if (WorkSize.check(globalWorkSize, localWorkSize)) {
      LaunchObserver present = observer;
      if (present == null) {
        enqueue(kernel, globalWorkSize, localWorkSize, null);
      } else {
        present.launched(kernel.name(), enqueueTimed(kernel, globalWorkSize, localWorkSize));
      }
    }
  }

  /** As {@link Queue#launchTimed}; the queue has profiling. */
  Event launchTimed(Kernel kernel, long[] globalWorkSize, long @Nullable [] localWorkSize) {
    if (!WorkSize.check(globalWorkSize, localWorkSize)) {
      throw new IllegalArgumentException("a global size of 0 launches nothing to be timed");
    }
    return enqueueTimed(kernel, globalWorkSize, localWorkSize);
  }

  private Event enqueueTimed(Kernel kernel, long[] globalSize, long @Nullable [] localSize) {
    return Event.of(queue, event -> enqueue(kernel, globalSize, localSize, event));
  }

  private void enqueue(
      Kernel kernel, long[] globalSize, long @Nullable [] localSize, @Nullable cl_event event) {
    queue.enter();
    try {
      kernel.enqueue(queue, globalSize, localSize, event);
    } finally {
      queue.leave();
    }
  }
}
