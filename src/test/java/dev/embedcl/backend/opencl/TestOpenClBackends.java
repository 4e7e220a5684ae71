package dev.embedcl.backend.opencl;

import dev.embedcl.backend.Backend;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.DeviceType;
import dev.embedcl.opencl.OpenClLibrary;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * OpenCL devices that cut their work as another kind of device would: the kernels' shape for GPUs
 * gives the right bits on a CPU already, and the other way round.
 */
public final class TestOpenClBackends {

  private TestOpenClBackends() {}

  /**
   * Returns the devices, as named openers; none where there is no OpenCL.
   *
   * @param only the selector of the device to return alone, or null for all
   */
  public static <T> List<T> otherProfiles(
      @Nullable String only, BiFunction<String, Supplier<Backend>, T> named) {
    if (OpenClLibrary.unavailability().isPresent()) {
      return List.of();
    }
    return OpenClLibrary.devices().stream()
        .filter(device -> device.available() && device.compilerAvailable())
        .filter(device -> only == null || only.equals(OpenClDeviceInfo.selector(device)))
        .map(device -> named.apply(name(device), () -> OpenClBackend.open(device, other(device))))
        .toList();
  }

  private static LaunchProfile other(Device device) {
    return device.type() == DeviceType.CPU ? LaunchProfile.GPU : LaunchProfile.CPU;
  }

  private static String name(Device device) {
    return device + (other(device).equals(LaunchProfile.GPU) ? " cut as a GPU" : " cut as a CPU");
  }
}
