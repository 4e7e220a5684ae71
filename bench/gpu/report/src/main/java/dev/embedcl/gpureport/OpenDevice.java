package dev.embedcl.gpureport;

import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.OpenClLibrary;
import dev.embedcl.opencl.Queue;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** A device with a backend on a queue that tells how long kernels run. */
record OpenDevice(Device device, Context context, Queue queue, OpenClBackend backend)
    implements AutoCloseable {

  /**
   * Opens a device.
   *
   * @param name {@code opencl:P.D}, part of a device's name, or empty for the first GPU, else the
   *     first device of another kind
   * @throws IllegalArgumentException if there is none
   * @throws dev.embedcl.opencl.OpenClUnavailableException if OpenCL cannot be loaded
   */
  static OpenDevice open(String name) {
    String wanted = name.strip().toLowerCase(Locale.ROOT);
    List<Device> devices = OpenClLibrary.devices();
    Device device =
        devices.stream()
            .filter(each -> each.available() && each.compilerAvailable())
            .filter(each ->
                selector(each).equals(wanted)
                    || each.name().toLowerCase(Locale.ROOT).contains(wanted))
            .min(Comparator.comparing(OpenDevice::rank))
            .orElseThrow(() ->
                new IllegalArgumentException(
                    "no usable OpenCL device is called '"
                        + name
                        + "'; there are "
                        + devices
                        + ": see 'run devices'"));
    Context context = Context.open(device);
    try {
      Queue queue = Queue.open(context, true);
      return new OpenDevice(device, context, queue, OpenClBackend.wrap(context, queue));
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }

  private static int rank(Device device) {
    return switch (device.type()) {
      case GPU -> 0;
      case ACCELERATOR -> 1;
      case CPU -> 2;
      case CUSTOM -> 3;
    };
  }

  /** Returns what {@code --device} takes for a device. */
  static String selector(Device device) {
    return "opencl:" + device.platform().index() + "." + device.index();
  }

  String selector() {
    return selector(device);
  }

  @Override
  public void close() {
    backend.close();
    context.close();
  }
}
