package dev.embedcl.opencl;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/**
 * The OpenCL device that tests run on. Without one they are skipped with the reason, or fail if the
 * system property {@code embedcl.expectOpenCl} or the environment variable {@code
 * EMBEDCL_EXPECT_OPENCL} is {@code true}.
 */
public final class OpenClTestDevice {
  private OpenClTestDevice() {}

  /** Returns the first device that can compile and run kernels, or skips the test. */
  public static Device require() {
    Optional<OpenClUnavailableException> failure = OpenClLibrary.unavailability();
    String reason =
        failure.map(Throwable::getMessage).orElse("OpenCL has no usable device on this machine");
    if (failure.isEmpty()) {
      List<Device> devices =
          OpenClLibrary.devices().stream()
              .filter(device -> device.available() && device.compilerAvailable())
              .toList();
      if (!devices.isEmpty()) {
        return devices.getFirst();
      }
    }
    if (expected()) {
      Assertions.fail("OpenCL was expected: " + reason);
    }
    Assumptions.abort("skipped without OpenCL: " + reason);
    throw new AssertionError("unreachable");
  }

  /** Returns whether a missing device is a failure. */
  public static boolean expected() {
    return Boolean.getBoolean("embedcl.expectOpenCl")
        || Boolean.parseBoolean(System.getProperty("EMBEDCL_EXPECT_OPENCL"))
        || Boolean.parseBoolean(System.getenv("EMBEDCL_EXPECT_OPENCL"));
  }
}
