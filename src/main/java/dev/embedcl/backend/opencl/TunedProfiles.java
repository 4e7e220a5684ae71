package dev.embedcl.backend.opencl;

import dev.embedcl.opencl.Device;
import java.io.IOException;
import java.io.StringReader;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;

/**
 * The launch profiles that {@code embedcl tune} measured on this machine, one JSON file for each
 * device in a directory of the user's: {@code $XDG_CACHE_HOME/embedcl} or {@code ~/.cache/embedcl},
 * {@code ~/Library/Caches/embedcl} on macOS, {@code %LOCALAPPDATA%\embedcl} on Windows. The system
 * property {@code embedcl.profiles}, or else the environment variable {@code EMBEDCL_PROFILES},
 * names another directory, or is {@code off}: then none is read.
 *
 * <p>A file that is damaged, or was measured on another device, with another driver or by another
 * version of the library, is left out with a log line, and the device gets a profile that comes
 * with the library.
 */
public final class TunedProfiles {
  /** The system property that names the directory, or is {@link #OFF}. */
  public static final String PROPERTY = "embedcl.profiles";

  /** The environment variable that is asked where the property is not set. */
  public static final String VARIABLE = "EMBEDCL_PROFILES";

  /** Stands for no directory. */
  public static final String OFF = "off";

  /** A file has a few hundred bytes. */
  private static final int LARGEST_FILE = 1 << 16;

  private static final System.Logger LOGGER = System.getLogger(TunedProfiles.class.getName());

  private TunedProfiles() {}

  /**
   * Returns the file with a device's profile, which need not exist; empty if there are to be none.
   */
  public static Optional<Path> file(Device device) {
    return file(DeviceTraits.of(device));
  }

  /**
   * Returns the content of the file for a profile that was measured on a device.
   *
   * @param comment what was measured
   */
  public static String text(Device device, LaunchProfile profile, String comment) {
    return text(DeviceTraits.of(device), profile, comment);
  }

  /** Returns the profile that comes with the library for a device. */
  public static LaunchProfile bundled(Device device) {
    return ProfileCatalog.bundled().profileOf(DeviceTraits.of(device));
  }

  /** Returns the profile to use on a device: the measured one, or the one of the library. */
  static LaunchProfile choose(Device device) {
    DeviceTraits traits = DeviceTraits.of(device);
    LaunchProfile profile =
        load(traits).orElseGet(() -> ProfileCatalog.bundled().profileOf(traits));
    LOGGER.log(Level.DEBUG, "{0}: {1}", device, profile);
    return profile;
  }

  static Optional<Path> file(DeviceTraits device) {
    return CacheDirectory.configured().map(directory -> directory.resolve(fileName(device)));
  }

  /**
   * Returns a name for people, made unique by a hash: of the device, not of its driver's version.
   */
  private static String fileName(DeviceTraits device) {
    String readable = device.name().replaceAll("[^A-Za-z0-9]+", "-").replaceAll("^-|-$", "");
    String key = String.join("\n", device.name(), device.vendor(), device.platform());
    return "profile-"
        + readable.substring(0, Math.min(40, readable.length())).toLowerCase(Locale.ROOT)
        + "-"
        + hash(key)
        + ".json";
  }

  private static String hash(String key) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String text(DeviceTraits device, LaunchProfile profile, String comment) {
    return ProfileFormat.writeTuned(
        new ProfileFormat.Tuned(
            version(), device.name(), device.vendor(), device.platform(), device.driver(), profile),
        comment);
  }

  /** Returns the measured profile of a device, if there is one that fits. */
  static Optional<LaunchProfile> load(DeviceTraits device) {
    Path file = file(device).orElse(null);
    if (file == null || !Files.exists(file)) {
      return Optional.empty();
    }
    try {
      if (Files.size(file) > LARGEST_FILE) {
        throw new IOException("it is larger than " + LARGEST_FILE + " bytes");
      }
      ProfileFormat.Tuned tuned = ProfileFormat.readTuned(new StringReader(Files.readString(file)));
      Optional<String> difference = difference(tuned, device);
      if (difference.isEmpty()) {
        LOGGER.log(Level.INFO, "using the launch profile that was measured, {0}", file);
        return Optional.of(tuned.profile());
      }
      leaveOut(file, difference.get());
    } catch (IOException e) {
      leaveOut(file, Objects.requireNonNullElse(e.getMessage(), e.toString()));
    } catch (NoClassDefFoundError e) {
      LOGGER.log(Level.INFO, "{0} is not read: jackson-core is not on the class path", file);
    }
    return Optional.empty();
  }

  private static void leaveOut(Path file, String reason) {
    LOGGER.log(
        Level.INFO,
        "the launch profile {0} is not used: {1}; run ''embedcl tune'' again, or delete it",
        file,
        reason);
  }

  private static Optional<String> difference(ProfileFormat.Tuned tuned, DeviceTraits device) {
    if (!tuned.device().equals(device.name())
        || !tuned.vendor().equals(device.vendor())
        || !tuned.platform().equals(device.platform())) {
      return Optional.of("it was measured on another device, " + tuned.device());
    }
    if (!tuned.driver().equals(device.driver())) {
      return Optional.of(
          "it was measured with driver " + tuned.driver() + ", this is " + device.driver());
    }
    if (!tuned.library().equals(version())) {
      return Optional.of(
          "it was measured by version " + tuned.library() + ", this is " + version());
    }
    return Optional.empty();
  }

  private static String version() {
    return Objects.requireNonNullElse(
        TunedProfiles.class.getPackage().getImplementationVersion(), "development");
  }
}
