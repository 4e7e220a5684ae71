package dev.embedcl.opencl;

import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.cl_device_id;
import org.jocl.cl_platform_id;
import org.jspecify.annotations.Nullable;

/** An OpenCL driver. Two platforms are equal if they are the same driver in this process. */
public final class Platform {
  /** {@code CL_DEVICE_TYPE_ALL}: JOCL's constant is -1, which some drivers refuse. */
  private static final long ALL_TYPES = 0xFFFFFFFFL;

  /** More devices than this are a garbage count. */
  private static final int MAX_DEVICES = 4096;

  private final cl_platform_id id;
  private final int index;
  private final InfoQuery info;

  Platform(cl_platform_id id, int index) {
    this.id = id;
    this.index = index;
    this.info =
        new InfoQuery(
            "clGetPlatformInfo",
            (parameter, bytes, value, returned) ->
                CL.clGetPlatformInfo(id, parameter, bytes, value, returned));
  }

  /** Returns the position in {@link OpenClLibrary#platforms()}, -1 if it is not listed there. */
  public int index() {
    return index;
  }

  /**
   * Returns the name.
   *
   * @throws OpenClException if the driver does not tell
   */
  public String name() {
    return info.text(CL.CL_PLATFORM_NAME);
  }

  /**
   * Returns the vendor.
   *
   * @throws OpenClException if the driver does not tell
   */
  public String vendor() {
    return info.text(CL.CL_PLATFORM_VENDOR);
  }

  /**
   * Returns the version, such as {@code "OpenCL 3.0 PoCL 3.1"}.
   *
   * @throws OpenClException if the driver does not tell
   */
  public String version() {
    return info.text(CL.CL_PLATFORM_VERSION);
  }

  /**
   * Returns all devices, of every type; empty if the platform has none. PoCL, for one, drops its
   * device without a word if it cannot write its kernel cache; {@link #noDeviceCure} says so.
   *
   * @throws OpenClException if the driver reports an error
   */
  public List<Device> devices() {
    int[] count = new int[1];
    int status = JoclCall.status(() -> CL.clGetDeviceIDs(id, ALL_TYPES, 0, null, count));
    if (status == StatusCode.DEVICE_NOT_FOUND) {
      return List.of(); // the count is not written in this case
    }
    JoclCall.check("clGetDeviceIDs", status);
    if (count[0] <= 0 || count[0] > MAX_DEVICES) {
      return List.of();
    }
    cl_device_id[] ids = new cl_device_id[count[0]];
    JoclCall.check("clGetDeviceIDs", () -> CL.clGetDeviceIDs(id, ALL_TYPES, ids.length, ids, null));
    List<Device> devices = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      devices.add(new Device(ids[i], this, i));
    }
    return List.copyOf(devices);
  }

  /** Returns what helps where {@link #devices} is empty although there should be a device. */
  public static String noDeviceCure() {
    return StatusCode.cure(StatusCode.DEVICE_NOT_FOUND);
  }

  /** Returns JOCL's handle. */
  public cl_platform_id clPlatformId() {
    return id;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Platform platform
        && platform.id.getNativePointer() == id.getNativePointer();
  }

  @Override
  public int hashCode() {
    return Long.hashCode(id.getNativePointer());
  }

  @Override
  public String toString() {
    return "Platform " + index + " (" + name() + ")";
  }
}
