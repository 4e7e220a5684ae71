package dev.embedcl.opencl;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.File;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.System.Logger.Level;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What {@link DriverTrial} runs in a process of its own: loads OpenCL, asks for platforms and
 * devices, and says by its exit status that it lived through it. Needs nothing but the JDK.
 */
final class DriverProbe {
  /** Exit status of a process that outlived the drivers; none that Java itself ends with. */
  static final int SURVIVED = 73;

  /** What the process writes before it asks: whatever happens later is the drivers' doing. */
  private static final int BEGUN = '!';

  private static final long ALL_TYPES = 0xFFFFFFFFL;
  private static final int MAX_PLATFORMS = 256;

  private static final System.Logger LOGGER = System.getLogger(DriverProbe.class.getName());

  private DriverProbe() {}

  /** Returns how to start the probe, empty if this Java has no launcher or no files of classes. */
  static List<String> command() {
    boolean windows = System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("windows");
    Path java = Path.of(System.getProperty("java.home"), "bin", windows ? "java.exe" : "java");
    Optional<Path> classes = classes();
    if (!Files.isExecutable(java) || classes.isEmpty()) {
      return List.of();
    }
    return List.of(
        java.toString(),
        "--enable-native-access=ALL-UNNAMED",
        // Quick to start, and quiet about a crash: no report, no core file.
        "-XX:+IgnoreUnrecognizedVMOptions",
        "-XX:TieredStopAtLevel=1",
        "-XX:+UseSerialGC",
        "-XX:+SuppressFatalErrorMessage",
        "-XX:-CreateCoredumpOnCrash",
        "-Xmx64m",
        "-cp",
        classes.get().toString(),
        DriverProbe.class.getName());
  }

  /** Returns the jar or folder of this class. */
  private static Optional<Path> classes() {
    CodeSource source = DriverProbe.class.getProtectionDomain().getCodeSource();
    if (source == null
        || source.getLocation() == null
        || !source.getLocation().getProtocol().equals("file")) {
      return Optional.empty();
    }
    try {
      Path path = Path.of(source.getLocation().toURI());
      // The separator of class paths cannot be part of one.
      return path.toString().contains(File.pathSeparator) ? Optional.empty() : Optional.of(path);
    } catch (URISyntaxException | IllegalArgumentException e) {
      LOGGER.log(Level.DEBUG, "classes are not loaded from a file", e);
      return Optional.empty();
    }
  }

  /** Returns whether a process that has ended came so far as to ask the drivers. */
  static boolean begunBy(Process process) {
    try (InputStream output = process.getInputStream()) {
      return output.read() == BEGUN;
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "cannot read what the process wrote", e);
      return false;
    }
  }

  public static void main(String[] arguments) throws Throwable {
    MethodHandle platforms =
        NativeLibrary.bind(
            "clGetPlatformIDs", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));
    MethodHandle devices =
        NativeLibrary.bind(
            "clGetDeviceIDs",
            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS));
    // Closed at once, it is no pipe any more that a driver's messages might fill.
    try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
      out.write(BEGUN);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment ids = arena.allocate(JAVA_LONG, MAX_PLATFORMS);
      MemorySegment count = arena.allocate(JAVA_INT);
      int status = (int) platforms.invokeExact(MAX_PLATFORMS, ids, count);
      int found = status == StatusCode.SUCCESS ? count.get(JAVA_INT, 0) : 0;
      for (int i = 0; i < Math.min(found, MAX_PLATFORMS); i++) {
        // Whatever a driver answers is looked at later; here it is enough that it does answer.
        status =
            (int)
                devices.invokeExact(
                    ids.getAtIndex(JAVA_LONG, i), ALL_TYPES, 0, MemorySegment.NULL, count);
      }
    }
    // Not exit: what drivers do at the end of a process is not in question.
    Runtime.getRuntime().halt(SURVIVED);
  }
}
