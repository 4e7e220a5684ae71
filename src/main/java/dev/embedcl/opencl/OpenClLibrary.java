package dev.embedcl.opencl;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jocl.CL;
import org.jocl.cl_platform_id;
import org.jspecify.annotations.Nullable;

/**
 * The door to OpenCL: loads it once per process, says why if that fails, and lists the platforms.
 *
 * <p>Before the first OpenCL call it sets {@code POCL_SIGFPE_HANDLER=0} in the process environment,
 * unless the user set that variable: PoCL otherwise takes the JVM's handler for SIGFPE away, and
 * from then on an integer division by zero in compiled Java code returns a number instead of
 * throwing {@link ArithmeticException}. An application that opens PoCL by other means before this
 * class is used has to set the variable itself.
 *
 * <p>The first time platforms are asked for, a child process asks first, because a driver that
 * crashes or hangs when it is loaded would take this process with it. The system property {@code
 * embedcl.probe}, or the environment variable {@code EMBEDCL_PROBE}, says for how many seconds it
 * is waited for, 30 if neither is set; 0 leaves the child out.
 *
 * <p>JOCL's native library is unpacked under a random name, never reused from what somebody left
 * under its usual name in {@code java.io.tmpdir}.
 */
public final class OpenClLibrary {
  /** Tells JOCL to unpack its native library under a name nobody can guess. */
  private static final String UNIQUE_NAMES_PROPERTY = "uniqueLibraryNames";

  /** More platforms than this are a garbage count. */
  private static final int MAX_PLATFORMS = 256;

  private OpenClLibrary() {}

  /** Holds the outcome of the one attempt to load OpenCL. */
  private static final class Loaded {
    // Only the first cause says anything: later attempts end in NoClassDefFoundError.
    @SuppressWarnings("StaticAssignmentOfThrowable")
    static final @Nullable OpenClUnavailableException FAILURE = load();
  }

  /** Holds the outcome of the one trial of the drivers. */
  private static final class Tried {
    @SuppressWarnings("StaticAssignmentOfThrowable") // as above
    static final @Nullable OpenClUnavailableException FAILURE =
        DriverTrial.runConfigured().orElse(null);
  }

  /**
   * Returns why OpenCL cannot be loaded, empty if it can. The first attempt decides for the life of
   * the process.
   */
  public static Optional<OpenClUnavailableException> unavailability() {
    return Optional.ofNullable(Loaded.FAILURE);
  }

  /**
   * Returns the platforms, in the order of the OpenCL loader; empty if no driver is registered.
   *
   * @throws OpenClUnavailableException if OpenCL cannot be loaded or a driver crashes or hangs; the
   *     same cause every time
   * @throws OpenClException if the loader reports an error
   */
  public static List<Platform> platforms() {
    require();
    throwIfPresent(Tried.FAILURE);
    int[] count = new int[1];
    int status = JoclCall.status(() -> CL.clGetPlatformIDs(0, null, count));
    if (status == StatusCode.PLATFORM_NOT_FOUND_KHR) {
      return List.of();
    }
    JoclCall.check("clGetPlatformIDs", status);
    if (count[0] <= 0 || count[0] > MAX_PLATFORMS) {
      return List.of();
    }
    cl_platform_id[] ids = new cl_platform_id[count[0]];
    JoclCall.check("clGetPlatformIDs", () -> CL.clGetPlatformIDs(ids.length, ids, null));
    List<Platform> platforms = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      platforms.add(new Platform(ids[i], i));
    }
    return List.copyOf(platforms);
  }

  /** Returns all devices of all platforms, in the order of the platforms. */
  public static List<Device> devices() {
    return platforms().stream().flatMap(platform -> platform.devices().stream()).toList();
  }

  /**
   * Throws if OpenCL cannot be loaded.
   *
   * @throws OpenClUnavailableException if so
   */
  static void require() {
    throwIfPresent(Loaded.FAILURE);
  }

  private static void throwIfPresent(@Nullable OpenClUnavailableException failure) {
    if (failure != null) {
      throw new OpenClUnavailableException(failure.reason(), failure.cure(), failure);
    }
  }

  private static @Nullable OpenClUnavailableException load() {
    boolean unguarded = System.getProperty(UNIQUE_NAMES_PROPERTY) == null;
    try {
      ProcessEnvironment.setIfAbsent("POCL_SIGFPE_HANDLER", "0");
      if (unguarded) {
        System.setProperty(UNIQUE_NAMES_PROPERTY, "true");
      }
      // The first use of JOCL: its static initialiser loads the native library and libOpenCL.
      CL.setExceptionsEnabled(false);
      NativeCalls.load();
      return null;
    } catch (LinkageError | IllegalCallerException | UnsupportedOperationException e) {
      return explain(e);
    } finally {
      if (unguarded) {
        System.clearProperty(UNIQUE_NAMES_PROPERTY);
      }
    }
  }

  /** Turns what loading threw into one line of cause and one of cure. */
  private static OpenClUnavailableException explain(Throwable thrown) {
    String text = String.valueOf(thrown.getMessage());
    String lower = text.toLowerCase(Locale.ROOT);
    if (thrown instanceof IllegalCallerException || lower.contains("illegalcallerexception")) {
      return new OpenClUnavailableException(
          "native access is denied to this code",
          "start Java with --enable-native-access=ALL-UNNAMED",
          thrown);
    }
    if (lower.contains("could not initialize native opencl library")
        || lower.contains("libopencl")) {
      return new OpenClUnavailableException(
          "the OpenCL library (libOpenCL.so.1 on Linux) is not installed or cannot be loaded",
          "install an OpenCL loader and a driver (Debian: ocl-icd-libopencl1 pocl-opencl-icd)",
          thrown);
    }
    if (lower.contains("no resource found")) {
      return new OpenClUnavailableException(
          "JOCL has no native library for "
              + System.getProperty("os.name")
              + " on "
              + System.getProperty("os.arch"),
          "use a supported system, or put one you built on java.library.path",
          thrown);
    }
    return new OpenClUnavailableException(
        "JOCL's native library cannot be unpacked or loaded from "
            + System.getProperty("java.io.tmpdir"),
        "point -Djava.io.tmpdir at a directory that can be written and is not mounted noexec",
        thrown);
  }
}
