package dev.embedcl.opencl;

/** What kind of processor a device is. */
public enum DeviceType {
  /** A graphics processor. */
  GPU(1L << 2),
  /** Any other accelerator. */
  ACCELERATOR(1L << 3),
  /** The host's own processor. */
  CPU(1L << 1),
  /** A device that runs built-in kernels only, or of a kind OpenCL does not name. */
  CUSTOM(1L << 4);

  private final long bit;

  DeviceType(long bit) {
    this.bit = bit;
  }

  /** Reads {@code CL_DEVICE_TYPE}, a bit field in which the default device has one bit more. */
  static DeviceType of(long bits) {
    for (DeviceType type : values()) {
      if ((bits & type.bit) != 0) {
        return type;
      }
    }
    return CUSTOM;
  }
}
