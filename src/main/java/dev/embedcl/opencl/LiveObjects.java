package dev.embedcl.opencl;

import java.util.concurrent.atomic.AtomicLong;

/** Counts the native OpenCL objects that this process holds through this package. */
public final class LiveObjects {
  private static final AtomicLong COUNT = new AtomicLong();

  private LiveObjects() {}

  /**
   * Returns how many contexts, queues, buffers, mappings, programs, kernels and events are not
   * released yet. Zero when everything was closed and nobody is inside a call any more.
   */
  public static long count() {
    return COUNT.get();
  }

  static void created() {
    COUNT.incrementAndGet();
  }

  static void released() {
    COUNT.decrementAndGet();
  }
}
