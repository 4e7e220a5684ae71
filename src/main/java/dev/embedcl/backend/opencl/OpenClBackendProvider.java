package dev.embedcl.backend.opencl;

import dev.embedcl.backend.BackendProvider;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.DeviceType;
import dev.embedcl.opencl.OpenClException;
import dev.embedcl.opencl.OpenClLibrary;
import dev.embedcl.opencl.OpenClUnavailableException;
import dev.embedcl.opencl.Platform;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Finds OpenCL devices. */
public final class OpenClBackendProvider implements BackendProvider {

  /** For {@link java.util.ServiceLoader}. */
  public OpenClBackendProvider() {}

  @Override
  public String name() {
    return "opencl";
  }

  @Override
  public Survey survey() {
    List<Candidate> candidates = new ArrayList<>();
    List<Refusal> refusals = new ArrayList<>();
    try {
      List<Platform> platforms = OpenClLibrary.platforms();
      if (platforms.isEmpty()) {
        refusals.add(
            new Refusal(
                "OpenCL",
                "its loader is installed but no driver is registered",
                "install the driver of your device, or PoCL for the CPU: apt-get install"
                    + " pocl-opencl-icd"));
      }
      for (Platform platform : platforms) {
        addDevices(platform, candidates, refusals);
      }
    } catch (OpenClUnavailableException e) {
      refusals.add(new Refusal("OpenCL", e.reason(), e.cure()));
    } catch (OpenClException e) {
      refusals.add(new Refusal("OpenCL", message(e), "reinstall the OpenCL loader"));
    }
    return new Survey(candidates, refusals);
  }

  private static void addDevices(
      Platform platform, List<Candidate> candidates, List<Refusal> refusals) {
    try {
      List<Device> devices = platform.devices();
      if (devices.isEmpty()) {
        refusals.add(
            new Refusal(
                "OpenCL platform " + platform.name(),
                "it reports no device",
                Platform.noDeviceCure()));
      }
      for (Device device : devices) {
        candidates.add(
            new Candidate(
                OpenClDeviceInfo.of(device), refusal(device), () -> OpenClBackend.open(device)));
      }
    } catch (OpenClException e) {
      refusals.add(
          new Refusal(
              "OpenCL platform " + platform.index(), message(e), "update or remove its driver"));
    }
  }

  private static @Nullable Refusal refusal(Device device) {
    String subject = OpenClDeviceInfo.selector(device) + " \"" + device.name() + "\"";
    if (!device.available()) {
      return new Refusal(
          subject,
          "its driver says it is not available",
          "close what occupies it, or choose another");
    }
    if (!device.compilerAvailable()) {
      return new Refusal(
          subject, "its driver has no compiler", "install the driver's compiler package");
    }
    if (device.type() == DeviceType.CUSTOM) {
      return new Refusal(
          subject, "it runs built-in kernels only", "choose a GPU, accelerator or CPU");
    }
    return null;
  }

  private static String message(Exception e) {
    return String.valueOf(e.getMessage());
  }
}
