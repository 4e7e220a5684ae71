package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.Kernel;
import dev.embedcl.opencl.Queue;

/**
 * What the operations of one backend share: the queue, the device's launch profile, and the words
 * that tell of wrong ids. Not thread-safe: the backend's lock guards it.
 */
final class Launcher {
  private final OpenClBackend owner;
  private final Queue queue;
  private final LaunchProfile profile;
  private final BadIndexStatus badIndexStatus;
  private final String options;
  private final long[] global = new long[3];
  private final long[] local = new long[3];

  Launcher(OpenClBackend owner, Queue queue, LaunchProfile profile) {
    this.owner = owner;
    this.queue = queue;
    Device device = queue.context().device();
    this.profile = profile;
    // Without -w PoCL's compiler prints to the error stream that vectors are passed as it likes.
    this.options =
        device.correctlyRoundedDivideSqrt() ? " -w -cl-fp32-correctly-rounded-divide-sqrt" : " -w";
    this.badIndexStatus = new BadIndexStatus(queue);
  }

  /** Returns a kernel function in all the variants of the device's profile. */
  Kernels kernels(String file, String name, String moreOptions) {
    return new Kernels(queue.context(), profile, file, name, options + moreOptions);
  }

  /** Returns a kernel function in all the variants of the device's profile. */
  Kernels kernels(String file, String name) {
    return kernels(file, name, "");
  }

  Context context() {
    return queue.context();
  }

  Queue queue() {
    return queue;
  }

  BadIndexStatus badIndexStatus() {
    return badIndexStatus;
  }

  /**
   * Returns the OpenCL buffer behind a buffer.
   *
   * @throws IllegalArgumentException if it belongs to another backend
   */
  @SuppressWarnings("ReferenceEquality") // the very backend is meant
  Buffer own(DeviceBuffer buffer) {
    if (buffer instanceof OpenClBuffer ours && ours.owner() == owner) {
      return ours.buffer();
    }
    throw new IllegalArgumentException(
        buffer + " belongs to another backend than " + owner + "; allocate it from this one");
  }

  /** Enqueues a kernel over the columns of {@code rows} rows, {@code depth} times. */
  void launch(Kernel kernel, int dim, long rows, long depth) {
    global[0] = profile.globalColumns(dim);
    global[1] = profile.globalRows(dim, rows);
    global[2] = profile.globalDepth(depth);
    local[0] = profile.localColumns(dim);
    local[1] = profile.localRows(dim);
    local[2] = 1;
    queue.launch(kernel, global, local);
  }
}
