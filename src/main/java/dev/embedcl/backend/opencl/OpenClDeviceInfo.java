package dev.embedcl.backend.opencl;

import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.backend.DeviceType;
import dev.embedcl.opencl.Device;
import java.util.TreeSet;

/** Describes an OpenCL device in the backend's terms. */
final class OpenClDeviceInfo {

  private OpenClDeviceInfo() {}

  static String selector(Device device) {
    return "opencl:" + device.platform().index() + "." + device.index();
  }

  /** Describes a device before it is opened, which is when its profile is chosen. */
  static DeviceInfo of(Device device) {
    return of(device, "chosen when opened");
  }

  static DeviceInfo of(Device device, String profile) {
    return new DeviceInfo(
        selector(device),
        switch (device.type()) {
          case GPU -> DeviceType.GPU;
          case CPU -> DeviceType.CPU;
          case ACCELERATOR, CUSTOM -> DeviceType.ACCELERATOR;
        },
        device.name(),
        device.vendor(),
        device.platform().name() + ", driver " + device.driverVersion(),
        device.computeUnits(),
        device.globalMemoryBytes(),
        device.maxAllocationBytes(),
        device.hostUnifiedMemory(),
        !device.float32Denormals(),
        device.correctlyRoundedDivideSqrt(),
        profile,
        FloatAtomics.chosen(device).map(FloatAtomics::title).orElse("chosen at first use"),
        "version: "
            + device.version()
            + "\nOpenCL C: "
            + device.openClCVersion()
            + "\narchitecture: "
            + device.architecture()
            + "\nextensions: "
            + String.join(" ", new TreeSet<>(device.extensions())));
  }
}
