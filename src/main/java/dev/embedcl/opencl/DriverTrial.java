package dev.embedcl.opencl;

import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Has a child process ask the drivers for their devices before this one does: a driver that crashes
 * or hangs when it is loaded would take this process with it.
 *
 * <p>Where no child can be started, or it ends for reasons of its own, there is no verdict, and the
 * drivers are asked without.
 */
final class DriverTrial {
  /** The system property that holds the time limit in seconds; 0 means no trial. */
  static final String PROPERTY = "embedcl.probe";

  /** The environment variable that is asked where the property is not set. */
  static final String VARIABLE = "EMBEDCL_PROBE";

  /** Many GPUs that wake from sleep take several seconds. */
  private static final int DEFAULT_SECONDS = 30;

  private static final String VENDORS_VARIABLE = "OCL_ICD_VENDORS";
  private static final Path VENDORS = Path.of("/etc/OpenCL/vendors");

  /** Exit statuses of processes ended from outside, by SIGKILL or SIGTERM. */
  private static final Set<Integer> KILLED = Set.of(128 + 9, 128 + 15);

  private static final System.Logger LOGGER = System.getLogger(DriverTrial.class.getName());

  private final long seconds;

  DriverTrial(Duration limit) {
    this.seconds = limit.toSeconds();
  }

  /**
   * Tries the drivers for as long as the user allows; returns why they must not be loaded, empty if
   * they may.
   */
  static Optional<OpenClUnavailableException> runConfigured() {
    String text = System.getProperty(PROPERTY);
    if (text == null) {
      text = System.getenv(VARIABLE);
    }
    try {
      int seconds = text == null ? DEFAULT_SECONDS : Integer.parseUnsignedInt(text.strip());
      return seconds == 0
          ? Optional.empty()
          : new DriverTrial(Duration.ofSeconds(Integer.toUnsignedLong(seconds))).run();
    } catch (NumberFormatException e) {
      return Optional.of(
          new OpenClUnavailableException(
              PROPERTY + " = '" + text + "' is not a number of seconds",
              "leave it out for " + DEFAULT_SECONDS + ", give 0 to load drivers untried",
              e));
    }
  }

  /** Tries the drivers; returns what became of the process that loaded them if it did not live. */
  Optional<OpenClUnavailableException> run() {
    List<String> command = DriverProbe.command();
    if (command.isEmpty()) {
      LOGGER.log(Level.DEBUG, "no Java launcher or class path to try the drivers with");
      return Optional.empty();
    }
    try {
      Optional<String> fate = fate(start(command, null), deadline());
      return fate.map(what -> explain(what, culprits(command)));
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "cannot start a process to try the drivers in", e);
      return Optional.empty();
    }
  }

  private long deadline() {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  private OpenClUnavailableException explain(String fate, List<String> culprits) {
    String drivers =
        culprits.isEmpty()
            ? "an OpenCL driver "
            : "the OpenCL driver of " + String.join(" and ", culprits) + " ";
    return new OpenClUnavailableException(
        drivers + fate + " when it is loaded",
        "reinstall or remove it, or set "
            + VENDORS_VARIABLE
            + " to a folder with the .icd files of the others; -D"
            + PROPERTY
            + "=0 loads it all the same",
        null);
  }

  /** Returns what befell a process that drivers ended, or that they hold up; empty if neither. */
  private Optional<String> fate(Process process, long deadline) {
    try {
      if (!process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
        process.destroyForcibly();
        return Optional.of("does not answer within " + seconds + " s");
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
    int status = process.exitValue();
    if (status == DriverProbe.SURVIVED) {
      return Optional.empty();
    }
    if (!DriverProbe.begunBy(process) || KILLED.contains(status)) {
      // Java did not start, or somebody else ended it: that says nothing of drivers.
      LOGGER.log(Level.DEBUG, "the process to try the drivers in ended with {0}", status);
      return Optional.empty();
    }
    return Optional.of("crashes or ends the process (exit status " + status + ")");
  }

  /** Tries each registered driver alone, all at the same time; returns the files of the bad. */
  private List<String> culprits(List<String> command) {
    List<String> bad = new ArrayList<>();
    try {
      Path work = Files.createTempDirectory("embedcl-drivers");
      try {
        List<Path> registered = registered();
        List<Process> processes = new ArrayList<>();
        for (Path driver : registered) {
          Path alone = Files.createDirectory(work.resolve(driver.getFileName() + ".d"));
          Files.copy(driver, alone.resolve(driver.getFileName()));
          processes.add(start(command, alone));
        }
        long deadline = deadline();
        for (int i = 0; i < processes.size(); i++) {
          if (fate(processes.get(i), deadline).isPresent()) {
            bad.add(registered.get(i).toString());
          }
        }
      } finally {
        delete(work);
      }
    } catch (IOException e) {
      LOGGER.log(Level.DEBUG, "cannot tell which driver it is", e);
    }
    return bad;
  }

  /** Returns the files by which drivers are registered where the loader looks for such. */
  private static List<Path> registered() throws IOException {
    String named = System.getenv(VENDORS_VARIABLE);
    Path vendors = named == null ? VENDORS : Path.of(named);
    List<Path> files = new ArrayList<>();
    if (Files.isDirectory(vendors)) {
      try (DirectoryStream<Path> icds = Files.newDirectoryStream(vendors, "*.icd")) {
        icds.forEach(files::add);
      }
    }
    return files;
  }

  private static void delete(Path work) throws IOException {
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(work)) {
      for (Path folder : folders) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
          for (Path file : files) {
            Files.delete(file);
          }
        }
        Files.delete(folder);
      }
    }
    Files.delete(work);
  }

  private static Process start(List<String> command, @Nullable Path vendors) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD);
    // Options and agents that are meant for the application.
    builder.environment().remove("JAVA_TOOL_OPTIONS");
    builder.environment().remove("JDK_JAVA_OPTIONS");
    if (vendors != null) {
      builder.environment().put(VENDORS_VARIABLE, vendors.toString());
    }
    Process process = builder.start();
    process.getOutputStream().close();
    return process;
  }
}
