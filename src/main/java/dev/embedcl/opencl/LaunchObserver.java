package dev.embedcl.opencl;

/** Is told of the kernels that a queue launches; see {@link Queue#observeLaunches}. */
@FunctionalInterface
public interface LaunchObserver {

  /**
   * Called in the launching thread, right after a kernel was enqueued.
   *
   * @param kernel the kernel's name
   * @param event the observer's own, to be closed by it
   */
  void launched(String kernel, Event event);
}
