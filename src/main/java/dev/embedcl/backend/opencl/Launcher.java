package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.Kernel;
import dev.embedcl.opencl.Queue;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * What the operations of one backend share: the queue, the device's launch profile, and the words
 * that tell of wrong ids. Not thread-safe: the backend's lock guards it.
 */
final class Launcher {
  private final OpenClBackend owner;
  private final Queue queue;
  private final BadIndexStatus badIndexStatus;
  private final String options;
  private final Map<Kernel, Limits> limits = new HashMap<>();
  private final Map<Kernel, LaunchShape> shapes = new HashMap<>();
  private LaunchProfile profile;
  private final long[] global = new long[3];
  private final long[] local = new long[3];

  /** What cannot change of how a kernel's work is cut. */
  private record Limits(int vectorWidth, int workGroupItems) {}

  Launcher(OpenClBackend owner, Queue queue, LaunchProfile profile) {
    this.owner = owner;
    this.queue = queue;
    Device device = queue.context().device();
    this.profile = profile;
    // Without -w PoCL's compiler prints to the error stream that vectors are passed as it likes.
    this.options =
        device.correctlyRoundedDivideSqrt() ? " -w -cl-fp32-correctly-rounded-divide-sqrt" : " -w";
    this.badIndexStatus = new BadIndexStatus(queue);
    queue.uploadAside(profile.asideBytes());
    queue.pinStaging(profile.pinnedStaging());
  }

  /** Returns a kernel function in all the variants of the device's profile. */
  Kernels kernels(String file, String name, String moreOptions) {
    return kernels(file, name, moreOptions, Float.BYTES);
  }

  /**
   * Returns a kernel function in all the variants of the device's profile, for rows of which the
   * narrowest elements take so many bytes.
   */
  Kernels kernels(String file, String name, String moreOptions, int elementBytes) {
    return new Kernels(this, file, name, options + moreOptions, elementBytes);
  }

  /** Returns a kernel function in all the variants of the device's profile. */
  Kernels kernels(String file, String name) {
    return kernels(file, name, "");
  }

  /** Returns how work is cut. */
  LaunchProfile profile() {
    return profile;
  }

  /** Cuts work in another way from now on. Programs that were built are kept. */
  void profile(LaunchProfile other) {
    profile = other;
    queue.uploadAside(other.asideBytes());
    shapes.clear();
    limits.forEach((kernel, limit) -> shapes.put(kernel, shape(limit)));
  }

  /** Takes a kernel that was built for vectors of that many columns, to launch it. */
  void adopt(Kernel kernel, int vectorWidth) {
    long most = kernel.workGroupSize(context().device());
    int items = (int) Math.max(1, Math.min(most, LaunchProfile.MOST_WORK_GROUP_ITEMS));
    Limits limit = new Limits(vectorWidth, Integer.highestOneBit(items));
    limits.put(kernel, limit);
    shapes.put(kernel, shape(limit));
  }

  private LaunchShape shape(Limits limit) {
    return new LaunchShape(
        limit.vectorWidth,
        Math.min(limit.workGroupItems, profile.workGroupItems()),
        profile.maxRowGroups());
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

  /** Enqueues an adopted kernel over the columns of {@code rows} rows, {@code depth} times. */
  void launch(Kernel kernel, int dim, long rows, long depth) {
    LaunchShape shape = Objects.requireNonNull(shapes.get(kernel));
    global[0] = shape.globalColumns(dim);
    global[1] = shape.globalRows(dim, rows);
    global[2] = shape.globalDepth(depth);
    local[0] = shape.localColumns(dim);
    local[1] = shape.localRows(dim);
    local[2] = 1;
    queue.launch(kernel, global, local);
  }
}
