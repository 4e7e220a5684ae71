package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.opencl.DeviceType;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Launch profiles in a program that has jackson-core, an optional dependency, not with it. */
class JacksonAbsentTest {
  private static final DeviceTraits DEVICE =
      new DeviceTraits(DeviceType.GPU, "Rocket", "NVIDIA", "sm_90", "platform", "1.0");

  @TempDir private Path directory;

  @Test
  void profilesFollowFromTheTypeOfTheDevice() throws Exception {
    String withJackson = run(System.getProperty("java.class.path"), "off");
    assertThat(withJackson).isEqualTo("Optional.empty nvidia");
    String without =
        Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.contains("jackson"))
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(run(without, directory.toString()))
        .endsWith("Optional.empty gpu")
        .contains("is not read: jackson-core is not on the class path");
  }

  private static String run(String classPath, String profiles)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-D" + TunedProfiles.PROPERTY + "=" + profiles,
                "-cp",
                classPath,
                Program.class.getName())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
    return output.strip();
  }

  /** What runs in a virtual machine of its own. */
  static final class Program {
    private Program() {}

    public static void main(String[] arguments) throws IOException {
      Path file = TunedProfiles.file(DEVICE).orElse(null);
      if (file != null) {
        Files.writeString(file, "{}");
      }
      System.out.println(
          TunedProfiles.load(DEVICE) + " " + ProfileCatalog.bundled().profileOf(DEVICE).name());
    }
  }
}
