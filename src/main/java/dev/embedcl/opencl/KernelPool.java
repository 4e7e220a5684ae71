package dev.embedcl.opencl;

import java.util.ArrayDeque;
import java.util.List;

/**
 * Hands out kernels of one program and name, so that no two threads ever use the same one at the
 * same time. Thread-safe.
 */
public final class KernelPool {
  private final Program program;
  private final String name;
  private final ArrayDeque<Kernel> idle = new ArrayDeque<>();
  private boolean closed;

  KernelPool(Program program, String name) {
    this.program = program;
    this.name = name;
  }

  /**
   * Returns a kernel for the caller alone, to be closed after the launch. Arguments of an earlier
   * use may still be set; set all of them.
   *
   * @throws OpenClException if the program has no kernel of that name
   * @throws IllegalStateException if the program was closed
   */
  public KernelLease lease() {
    program.checkOpen();
    Kernel kernel;
    synchronized (idle) {
      kernel = idle.pollLast();
    }
    return new KernelLease(this, kernel == null ? program.kernel(name) : kernel);
  }

  void giveBack(Kernel kernel) {
    synchronized (idle) {
      if (!closed) {
        idle.addLast(kernel);
        return;
      }
    }
    kernel.close();
  }

  void close() {
    List<Kernel> unused;
    synchronized (idle) {
      closed = true;
      unused = List.copyOf(idle);
      idle.clear();
    }
    Failures failures = new Failures();
    unused.forEach(kernel -> failures.run(kernel::close));
    failures.rethrow();
  }
}
