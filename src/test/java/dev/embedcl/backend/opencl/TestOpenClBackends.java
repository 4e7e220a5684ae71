package dev.embedcl.backend.opencl;

import dev.embedcl.backend.Backend;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.OpenClLibrary;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;

/**
 * OpenCL devices that cut their work as another kind of device would: the kernels' shape for GPUs
 * gives the right bits on a CPU already, and the other way round.
 */
public final class TestOpenClBackends {

  private TestOpenClBackends() {}

  /** Returns the devices, as named openers; none where there is no OpenCL. */
  public static <T> List<T> otherProfiles(BiFunction<String, Supplier<Backend>, T> named) {
    if (OpenClLibrary.unavailability().isPresent()) {
      return List.of();
    }
    return OpenClLibrary.devices().stream()
        .filter(device -> device.available() && device.compilerAvailable())
        .map(device -> named.apply(name(device), () -> OpenClBackend.open(device, other(device))))
        .toList();
  }

  private static LaunchProfile other(Device device) {
    return LaunchProfile.of(device).equals(LaunchProfile.CPU)
        ? LaunchProfile.GPU
        : LaunchProfile.CPU;
  }

  private static String name(Device device) {
    return device + (other(device).equals(LaunchProfile.GPU) ? " cut as a GPU" : " cut as a CPU");
  }
}
