package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.opencl.DeviceType;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TunedProfilesTest {
  private static final DeviceTraits DEVICE =
      new DeviceTraits(DeviceType.GPU, "Rocket (9)", "ACME", "r2", "ACME OpenCL", "550.1");
  private static final LaunchProfile PROFILE =
      new LaunchProfile(
          "tuned", 32, true, 64, 1000, LaunchProfile.NEVER, 2, 4, LaunchProfile.NEVER, false);

  @TempDir private Path directory;
  private @Nullable String before;

  @BeforeEach
  void useDirectory() {
    before = System.setProperty(TunedProfiles.PROPERTY, directory.toString());
  }

  @AfterEach
  void restoreProperty() {
    if (before == null) {
      System.clearProperty(TunedProfiles.PROPERTY);
    } else {
      System.setProperty(TunedProfiles.PROPERTY, before);
    }
  }

  @Test
  void profileIsReadAsItWasWritten() throws IOException {
    write(TunedProfiles.text(DEVICE, PROFILE, "of a test"));
    assertThat(TunedProfiles.load(DEVICE)).contains(PROFILE);
    LaunchProfile streaming = new LaunchProfile("tuned", 4, false, 1, 1, 123, 8, 1, 456, true);
    write(TunedProfiles.text(DEVICE, streaming, "\"quoted\""));
    assertThat(TunedProfiles.load(DEVICE)).contains(streaming);
  }

  @Test
  void nothingIsReadWhereNothingIsOrShallBe() throws IOException {
    assertThat(TunedProfiles.load(DEVICE)).isEmpty();
    write(TunedProfiles.text(DEVICE, PROFILE, ""));
    System.setProperty(TunedProfiles.PROPERTY, "OFF");
    assertThat(TunedProfiles.file(DEVICE)).isEmpty();
    assertThat(TunedProfiles.load(DEVICE)).isEmpty();
  }

  @Test
  void everyDeviceHasAFileOfItsOwnWhateverItsDriver() {
    Path file = TunedProfiles.file(DEVICE).orElseThrow();
    assertThat(file.getFileName().toString()).matches("profile-rocket-9-[0-9a-f]{12}\\.json");
    assertThat(TunedProfiles.file(other("Rocket (9)", "ACME", "ACME OpenCL", "551")))
        .contains(file);
    assertThat(TunedProfiles.file(other("Rocket 9", "ACME", "ACME OpenCL", "1")).orElseThrow())
        .isNotEqualTo(file);
    assertThat(TunedProfiles.file(other("Rocket (9)", "ACME", "Other", "1")).orElseThrow())
        .isNotEqualTo(file);
    assertThat(TunedProfiles.file(other("/..\\", "", "", "")).orElseThrow().getParent())
        .isEqualTo(directory);
  }

  @Test
  void profilesOfOtherDevicesDriversAndVersionsAreLeftOut() throws IOException {
    String text = TunedProfiles.text(DEVICE, PROFILE, "");
    for (String[] change :
        new String[][] {
          {"Rocket (9)", "Rocket (8)"},
          {"\"ACME\"", "\"Other\""},
          {"ACME OpenCL", "Other OpenCL"},
          {"550.1", "550.2"},
          {"\"library\" : \"", "\"library\" : \"9"}
        }) {
      assertThat(text).contains(change[0]);
      write(text.replace(change[0], change[1]));
      assertThat(TunedProfiles.load(DEVICE)).as(change[1]).isEmpty();
    }
    write(text);
    assertThat(TunedProfiles.load(DEVICE)).isPresent();
  }

  @Test
  void damagedFilesAreLeftOut() throws IOException {
    byte[] text = TunedProfiles.text(DEVICE, PROFILE, "").getBytes(StandardCharsets.UTF_8);
    Path file = TunedProfiles.file(DEVICE).orElseThrow();
    for (int length = 0; length < text.length - 2; length++) {
      Files.write(file, java.util.Arrays.copyOf(text, length));
      assertThat(TunedProfiles.load(DEVICE)).as("first %d bytes", length).isEmpty();
    }
    Files.write(file, new byte[] {'"', (byte) 0xff, '"'});
    assertThat(TunedProfiles.load(DEVICE)).isEmpty();
    Files.write(file, new byte[1 << 17]);
    assertThat(TunedProfiles.load(DEVICE)).isEmpty();
    Files.delete(file);
    Files.createDirectory(file);
    assertThat(TunedProfiles.load(DEVICE)).isEmpty();
  }

  @Test
  void numbersThatNoKernelTakesAreLeftOut() throws IOException {
    String text = TunedProfiles.text(DEVICE, PROFILE, "");
    assertThat(text).contains("\"workGroupItems\" : 64");
    write(text.replace("\"workGroupItems\" : 64", "\"workGroupItems\" : 1000000"));
    assertThat(TunedProfiles.load(DEVICE)).isEmpty();
  }

  @Test
  void directoryIsTheSystemsUsualOne() {
    Path root = directory.getRoot();
    String home = root.resolve("home").toString();
    String cache = root.resolve("cache").toString();
    assertThat(directory(null, "Linux", home, Map.of()))
        .contains(Path.of(home, ".cache", "embedcl"));
    assertThat(directory(null, "Linux", home, Map.of("XDG_CACHE_HOME", cache)))
        .contains(Path.of(cache, "embedcl"));
    assertThat(directory(null, "Linux", home, Map.of("XDG_CACHE_HOME", "relative")))
        .contains(Path.of(home, ".cache", "embedcl"));
    assertThat(directory(null, "Mac OS X", home, Map.of("XDG_CACHE_HOME", cache)))
        .contains(Path.of(home, "Library", "Caches", "embedcl"));
    assertThat(directory(null, "Windows 11", home, Map.of("LOCALAPPDATA", cache)))
        .contains(Path.of(cache, "embedcl"));
    assertThat(directory(null, "Windows 11", home, Map.of())).isEmpty();
    assertThat(directory(null, "Linux", null, Map.of())).isEmpty();
    assertThat(directory("here", "Linux", home, Map.of())).contains(Path.of("here"));
    assertThat(directory(" ", "Linux", home, Map.of()))
        .contains(Path.of(home, ".cache", "embedcl"));
    assertThat(directory("off", "Linux", home, Map.of())).isEmpty();
    assertThat(directory("nul\0", "Linux", home, Map.of())).isEmpty();
  }

  private static Optional<Path> directory(
      @Nullable String named,
      String system,
      @Nullable String home,
      Map<String, String> environment) {
    return CacheDirectory.of(named, system, home, environment::get);
  }

  private static DeviceTraits other(String name, String vendor, String platform, String driver) {
    return new DeviceTraits(DeviceType.GPU, name, vendor, "r2", platform, driver);
  }

  private void write(String text) throws IOException {
    Files.writeString(TunedProfiles.file(DEVICE).orElseThrow(), text);
  }
}
