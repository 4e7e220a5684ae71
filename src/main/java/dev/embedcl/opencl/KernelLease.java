package dev.embedcl.opencl;

import java.util.concurrent.atomic.AtomicBoolean;

/** A kernel that belongs to one thread until the lease is closed. */
public final class KernelLease implements AutoCloseable {
  private final KernelPool pool;
  private final Kernel kernel;
  private final AtomicBoolean closed = new AtomicBoolean();

  KernelLease(KernelPool pool, Kernel kernel) {
    this.pool = pool;
    this.kernel = kernel;
  }

  /**
   * Returns the kernel, not to be kept beyond the lease.
   *
   * @throws IllegalStateException if the lease was closed
   */
  public Kernel kernel() {
    if (closed.get()) {
      throw new IllegalStateException("the lease of " + kernel + " is closed");
    }
    return kernel;
  }

  /** Gives the kernel back; further calls do nothing. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      pool.giveBack(kernel);
    }
  }
}
