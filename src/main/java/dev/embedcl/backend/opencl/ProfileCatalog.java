package dev.embedcl.backend.opencl;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.lang.System.Logger.Level;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;

/**
 * The launch profiles that come with the library, in {@code launch-profiles.json}: the one for a
 * device is, of those that match it, the one with the most conditions, and of several the first.
 *
 * @param entries those with more conditions first
 */
record ProfileCatalog(List<Entry> entries) {
  static final String RESOURCE = "launch-profiles.json";

  private static final System.Logger LOGGER = System.getLogger(ProfileCatalog.class.getName());

  /** A profile and the devices it is for. */
  record Entry(ProfileMatch match, LaunchProfile profile) {}

  ProfileCatalog {
    entries =
        entries.stream()
            .sorted(Comparator.comparingInt((Entry entry) -> -entry.match().conditions()))
            .toList();
  }

  /** What the library holds; read when first asked for. */
  private static final class Bundled {
    static final ProfileCatalog CATALOG = load();
  }

  /** Returns the profiles of the library. */
  static ProfileCatalog bundled() {
    return Bundled.CATALOG;
  }

  /** Returns the profile for a device. */
  LaunchProfile profileOf(DeviceTraits device) {
    return entries.stream()
        .filter(entry -> entry.match().matches(device))
        .map(Entry::profile)
        .findFirst()
        .orElseGet(() -> LaunchProfile.of(device.type()));
  }

  private static ProfileCatalog load() {
    try (InputStream in = ProfileCatalog.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        LOGGER.log(
            Level.WARNING,
            "{0} is not on the class path; devices get profiles by their type alone: use the"
                + " embedcl jar as it was built",
            RESOURCE);
        return new ProfileCatalog(List.of());
      }
      return read(new InputStreamReader(in, StandardCharsets.UTF_8));
    } catch (IOException e) {
      LOGGER.log(Level.WARNING, RESOURCE + " cannot be read", e);
      return new ProfileCatalog(List.of());
    }
  }

  /** Reads profiles; what cannot be read is logged and leaves none. */
  static ProfileCatalog read(Reader text) {
    try {
      return ProfileFormat.readCatalog(text);
    } catch (IOException e) {
      LOGGER.log(
          Level.WARNING,
          "{0} is not used, devices get profiles by their type alone: {1}",
          RESOURCE,
          e.getMessage());
    } catch (NoClassDefFoundError e) {
      LOGGER.log(
          Level.DEBUG,
          "{0} is not read, devices get profiles by their type alone: jackson-core is not on the"
              + " class path",
          RESOURCE);
    }
    return new ProfileCatalog(List.of());
  }
}
