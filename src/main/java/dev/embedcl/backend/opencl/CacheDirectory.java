package dev.embedcl.backend.opencl;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** Where the user's measured launch profiles lie. */
final class CacheDirectory {
  private static final String NAME = "embedcl";

  private CacheDirectory() {}

  /** Returns the directory that property or environment name, else the system's usual one. */
  static Optional<Path> configured() {
    String named = System.getProperty(TunedProfiles.PROPERTY);
    if (named == null) {
      named = System.getenv(TunedProfiles.VARIABLE);
    }
    return of(
        named, System.getProperty("os.name", ""), System.getProperty("user.home"), System::getenv);
  }

  /**
   * Returns the directory.
   *
   * @param named what the user asked for, or null
   * @param home the user's home directory, or null where there is none
   * @return empty if the user wants none, or none can be told
   */
  static Optional<Path> of(
      @Nullable String named,
      String system,
      @Nullable String home,
      UnaryOperator<@Nullable String> environment) {
    if (named != null && !named.isBlank()) {
      return named.strip().equalsIgnoreCase(TunedProfiles.OFF)
          ? Optional.empty()
          : path(named.strip());
    }
    String lowerCase = system.toLowerCase(Locale.ROOT);
    if (lowerCase.startsWith("windows")) {
      return absolute(environment.apply("LOCALAPPDATA")).map(path -> path.resolve(NAME));
    }
    Optional<Path> homePath = absolute(home);
    if (lowerCase.startsWith("mac")) {
      return homePath.map(path -> path.resolve("Library").resolve("Caches").resolve(NAME));
    }
    // The XDG Base Directory Specification has relative paths ignored.
    return absolute(environment.apply("XDG_CACHE_HOME"))
        .or(() -> homePath.map(path -> path.resolve(".cache")))
        .map(path -> path.resolve(NAME));
  }

  private static Optional<Path> absolute(@Nullable String text) {
    return text == null || text.isBlank() ? Optional.empty() : path(text).filter(Path::isAbsolute);
  }

  private static Optional<Path> path(String text) {
    try {
      return Optional.of(Path.of(text));
    } catch (InvalidPathException e) {
      System.getLogger(CacheDirectory.class.getName())
          .log(System.Logger.Level.WARNING, "'{0}' is no directory for launch profiles", text);
      return Optional.empty();
    }
  }
}
