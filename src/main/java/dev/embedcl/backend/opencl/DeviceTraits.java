package dev.embedcl.backend.opencl;

import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.DeviceType;

/**
 * What of a device and its driver decides how work is cut for it.
 *
 * @param type the kind of processor
 * @param name the device's name for itself
 * @param vendor who made it or its driver
 * @param architecture the kind of core, or empty; see {@link Device#architecture()}
 * @param platform the name of the driver's platform
 * @param driver the driver's version
 */
record DeviceTraits(
    DeviceType type,
    String name,
    String vendor,
    String architecture,
    String platform,
    String driver) {

  static DeviceTraits of(Device device) {
    return new DeviceTraits(
        device.type(),
        device.name(),
        device.vendor(),
        device.architecture(),
        device.platform().name(),
        device.driverVersion());
  }
}
