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

  /**
   * The profile for GPUs, with small work-groups. Kernels see how many work-items there are, not
   * how they are grouped, which {@code KernelSourceTest} holds; but PoCL compiles each of them for
   * each shape of a group, of which 128 work-items have eight and 4 have three.
   */
  private static final LaunchProfile SMALL_GROUPS = smallGroups(LaunchProfile.GPU);

  private TestOpenClBackends() {}

  /**
   * Returns the devices, as named openers; none where there is no OpenCL.
   *
   * @param only the selector of the device to return alone, or null for all
   * @param smallGroups whether GPUs' work-groups are small ones
   */
  public static <T> List<T> otherProfiles(
      @Nullable String only, boolean smallGroups, BiFunction<String, Supplier<Backend>, T> named) {
    LaunchProfile gpu = smallGroups ? SMALL_GROUPS : LaunchProfile.GPU;
    if (OpenClLibrary.unavailability().isPresent()) {
      return List.of();
    }
    return OpenClLibrary.devices().stream()
        .filter(device -> device.available() && device.compilerAvailable())
        .filter(device -> only == null || only.equals(OpenClDeviceInfo.selector(device)))
        .map(device -> {
          LaunchProfile other = device.type() == DeviceType.CPU ? gpu : LaunchProfile.CPU;
          return named.apply(name(device), () -> OpenClBackend.open(device, other));
        })
        .toList();
  }

  /** Has a backend upload what has so many bytes on a queue of its own. */
  public static void uploadAside(OpenClBackend backend, long leastBytes) {
    LaunchProfile profile = backend.profile();
    backend.profile(
        new LaunchProfile(
            profile.name(),
            profile.vectorBytes(),
            profile.unalignedVectors(),
            profile.workGroupItems(),
            profile.maxRowGroups(),
            profile.streamingBytes(),
            profile.rowsInFlight(),
            profile.bagRowsInFlight(),
            leastBytes,
            profile.pinnedStaging()));
  }

  private static LaunchProfile smallGroups(LaunchProfile profile) {
    return new LaunchProfile(
        profile.name() + " in small groups",
        profile.vectorBytes(),
        profile.unalignedVectors(),
        4,
        profile.maxRowGroups(),
        profile.streamingBytes(),
        profile.rowsInFlight(),
        profile.bagRowsInFlight(),
        profile.asideBytes(),
        profile.pinnedStaging());
  }

  private static String name(Device device) {
    return device + (device.type() == DeviceType.CPU ? " cut as a GPU" : " cut as a CPU");
  }
}
