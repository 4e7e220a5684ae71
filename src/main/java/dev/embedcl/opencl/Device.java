package dev.embedcl.opencl;

import java.util.Arrays;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import org.jocl.CL;
import org.jocl.cl_device_id;
import org.jspecify.annotations.Nullable;

/**
 * One OpenCL device and its properties. The driver is asked when the object is made: memory sizes
 * can differ from one process to the next, so they are never remembered beyond it.
 *
 * <p>Immutable. Two devices are equal if they have the same handle.
 */
public final class Device {
  /** Deprecated since OpenCL 2.0 without a successor; a driver may have dropped it. */
  private static final int HOST_UNIFIED_MEMORY = 0x1035;

  // Of cl_nv_device_attribute_query.
  private static final int COMPUTE_CAPABILITY_MAJOR = 0x4000;
  private static final int COMPUTE_CAPABILITY_MINOR = 0x4001;

  private static final long DENORMALS = 1;
  private static final long FMA = 1 << 5;
  private static final long CORRECTLY_ROUNDED_DIVIDE_SQRT = 1 << 7;

  private final cl_device_id id;
  private final Platform platform;
  private final int index;
  private final String name;
  private final String vendor;
  private final String version;
  private final String driverVersion;
  private final String openClCVersion;
  private final DeviceType type;
  private final long globalMemoryBytes;
  private final long maxAllocationBytes;
  private final long localMemoryBytes;
  private final int computeUnits;
  private final long maxWorkGroupSize;
  private final Set<String> extensions;
  private final long float32Config;
  private final int baseAddressAlignmentBytes;
  private final boolean hostUnifiedMemory;
  private final String architecture;
  private final boolean available;
  private final boolean compilerAvailable;

  Device(cl_device_id id, Platform platform, int index) {
    this.id = id;
    this.platform = platform;
    this.index = index;
    InfoQuery info = query(id);
    name = info.text(CL.CL_DEVICE_NAME);
    vendor = info.text(CL.CL_DEVICE_VENDOR);
    version = info.text(CL.CL_DEVICE_VERSION);
    driverVersion = info.text(CL.CL_DRIVER_VERSION);
    openClCVersion = info.text(CL.CL_DEVICE_OPENCL_C_VERSION, version);
    type = DeviceType.of(info.number(CL.CL_DEVICE_TYPE));
    globalMemoryBytes = info.number(CL.CL_DEVICE_GLOBAL_MEM_SIZE);
    maxAllocationBytes = info.number(CL.CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    localMemoryBytes = info.number(CL.CL_DEVICE_LOCAL_MEM_SIZE);
    computeUnits = (int) info.number(CL.CL_DEVICE_MAX_COMPUTE_UNITS);
    maxWorkGroupSize = info.number(CL.CL_DEVICE_MAX_WORK_GROUP_SIZE);
    extensions =
        Arrays.stream(info.text(CL.CL_DEVICE_EXTENSIONS).split("\\s+", -1))
            .filter(extension -> !extension.isEmpty())
            .collect(Collectors.toUnmodifiableSet());
    float32Config = info.number(CL.CL_DEVICE_SINGLE_FP_CONFIG, 0); // custom devices have none
    baseAddressAlignmentBytes = (int) (info.number(CL.CL_DEVICE_MEM_BASE_ADDR_ALIGN) / Byte.SIZE);
    hostUnifiedMemory = info.number(HOST_UNIFIED_MEMORY, 0) != 0;
    architecture = architecture(info);
    available = info.number(CL.CL_DEVICE_AVAILABLE) != 0;
    compilerAvailable = info.number(CL.CL_DEVICE_COMPILER_AVAILABLE) != 0;
  }

  /**
   * Describes a device whose handle the caller already has.
   *
   * @throws OpenClUnavailableException if OpenCL cannot be loaded
   * @throws OpenClException if the handle is no device
   */
  public static Device wrap(cl_device_id id) {
    Objects.requireNonNull(id, "id");
    OpenClLibrary.require();
    long owner = query(id).number(CL.CL_DEVICE_PLATFORM);
    for (Platform platform : OpenClLibrary.platforms()) {
      if (platform.clPlatformId().getNativePointer() == owner) {
        for (Device device : platform.devices()) {
          if (device.id.getNativePointer() == id.getNativePointer()) {
            return device;
          }
        }
        return new Device(id, platform, -1); // a sub-device
      }
    }
    throw new OpenClException("clGetDeviceInfo", -33, "no platform of this process has the device");
  }

  private static InfoQuery query(cl_device_id id) {
    return new InfoQuery(
        "clGetDeviceInfo",
        (parameter, bytes, value, returned) ->
            CL.clGetDeviceInfo(id, parameter, bytes, value, returned));
  }

  /** Returns the platform this device belongs to. */
  public Platform platform() {
    return platform;
  }

  /** Returns the position in {@link Platform#devices()}, -1 for a sub-device. */
  public int index() {
    return index;
  }

  /** Returns the name. */
  public String name() {
    return name;
  }

  /** Returns the vendor. */
  public String vendor() {
    return vendor;
  }

  /** Returns the OpenCL version, such as {@code "OpenCL 3.0 CUDA"}. */
  public String version() {
    return version;
  }

  /** Returns the version of the driver. */
  public String driverVersion() {
    return driverVersion;
  }

  /** Returns the version of the kernel language, such as {@code "OpenCL C 1.2"}. */
  public String openClCVersion() {
    return openClCVersion;
  }

  /** Returns the kind of processor. */
  public DeviceType type() {
    return type;
  }

  /**
   * Returns the kind of core, as far as the driver tells: {@code sm_90} for NVIDIA's compute
   * capability 9.0, {@code gfx90a} for AMD's, the host's architecture as Java names it for a CPU,
   * else an empty text.
   */
  public String architecture() {
    return architecture;
  }

  private String architecture(InfoQuery info) {
    if (type == DeviceType.CPU) {
      return System.getProperty("os.arch", "");
    }
    long major = info.number(COMPUTE_CAPABILITY_MAJOR, 0);
    if (extensions.contains("cl_nv_device_attribute_query") && major > 0) {
      return "sm_" + major + info.number(COMPUTE_CAPABILITY_MINOR, 0);
    }
    // AMD's name is the target of its compiler, with its features behind: gfx90a:sramecc+:xnack-
    return name.startsWith("gfx") ? name.split(":", 2)[0] : "";
  }

  /** Returns the size of the device's memory in bytes, as the driver reports it. */
  public long globalMemoryBytes() {
    return globalMemoryBytes;
  }

  /** Returns the size in bytes of the largest single buffer. */
  public long maxAllocationBytes() {
    return maxAllocationBytes;
  }

  /** Returns the local memory of a work-group in bytes. */
  public long localMemoryBytes() {
    return localMemoryBytes;
  }

  /** Returns the number of compute units. */
  public int computeUnits() {
    return computeUnits;
  }

  /** Returns the largest work-group; a kernel may allow less, see {@link Kernel#workGroupSize}. */
  public long maxWorkGroupSize() {
    return maxWorkGroupSize;
  }

  /** Returns the names of the extensions. */
  public Set<String> extensions() {
    return extensions;
  }

  /** Returns the alignment in bytes that the offset of a sub-buffer must have. */
  public int baseAddressAlignmentBytes() {
    return baseAddressAlignmentBytes;
  }

  /** Returns whether device and host share one memory. */
  public boolean hostUnifiedMemory() {
    return hostUnifiedMemory;
  }

  /** Returns whether the device can be used now. */
  public boolean available() {
    return available;
  }

  /** Returns whether the driver can compile OpenCL C. */
  public boolean compilerAvailable() {
    return compilerAvailable;
  }

  /** Returns whether float32 division and square root can be had correctly rounded. */
  public boolean correctlyRoundedDivideSqrt() {
    return (float32Config & CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
  }

  /** Returns whether float32 arithmetic keeps subnormal numbers. */
  public boolean float32Denormals() {
    return (float32Config & DENORMALS) != 0;
  }

  /** Returns whether the device has a float32 fused multiply-add. */
  public boolean float32Fma() {
    return (float32Config & FMA) != 0;
  }

  /** Returns JOCL's handle. */
  public cl_device_id clDeviceId() {
    return id;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Device device && device.id.getNativePointer() == id.getNativePointer();
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id.getNativePointer());
  }

  @Override
  public String toString() {
    return "Device " + platform.index() + "." + index + " (" + name + ")";
  }
}
