package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Loading OpenCL, and what is said where that fails; every case in a JVM of its own. */
class OpenClLibraryTest {
  @TempDir Path directory;

  @Test
  void compiledDivisionByZeroStillThrows() throws Exception {
    OpenClTestDevice.require();
    ChildJvm.Result result = new ChildJvm().run(LibraryProbe.class, "divide");
    assertThat(result.output()).contains("kernel=7").contains("thrown=all");
    assertThat(result.status()).isZero();
  }

  @Test
  void noDriverMeansNoPlatforms() throws Exception {
    OpenClTestDevice.require();
    ChildJvm.Result result =
        new ChildJvm()
            .environment("OCL_ICD_VENDORS", directory.resolve("nothing").toString())
            .run(LibraryProbe.class, "list");
    assertThat(result.output()).contains("platforms=0").contains("devices=0");
    assertThat(result.status()).isZero();
  }

  @Test
  void platformWithoutDeviceHasNone() throws Exception {
    Device device = OpenClTestDevice.require();
    assumeTrue(
        OpenClLibrary.devices().size() == 1
            && device.platform().name().contains("Portable Computing Language"),
        "only PoCL can be made to drop its device");
    Path file = Files.createFile(directory.resolve("file"));
    ChildJvm.Result result =
        new ChildJvm()
            .environment("POCL_CACHE_DIR", file.resolve("cache").toString())
            .run(LibraryProbe.class, "list");
    assertThat(result.output()).contains("platforms=1").contains("devices=0");
    assertThat(result.status()).isZero();
    assertThat(Platform.noDeviceCure()).contains("POCL_CACHE_DIR");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void missingLibraryIsExplained() throws Exception {
    for (String name : List.of("libOpenCL.so.1", "libOpenCL.so")) {
      Files.writeString(directory.resolve(name), "not a library");
    }
    ChildJvm.Result result =
        new ChildJvm()
            .environment("LD_LIBRARY_PATH", directory.toString())
            .run(LibraryProbe.class, "list");
    assertThat(result.output())
        .contains("reason=the OpenCL library (libOpenCL.so.1 on Linux) is not installed")
        .contains("cure=install an OpenCL loader and a driver")
        .contains("sameReason=true");
    assertThat(result.status()).isZero();
  }

  @Test
  void unusableTemporaryDirectoryIsExplained() throws Exception {
    Path file = Files.createFile(directory.resolve("file"));
    ChildJvm.Result result =
        new ChildJvm()
            .option("-Djava.io.tmpdir=" + file.resolve("tmp"))
            .run(LibraryProbe.class, "list");
    assertThat(result.output())
        .contains("reason=JOCL's native library cannot be unpacked or loaded from " + file)
        .contains("cure=point -Djava.io.tmpdir at a directory")
        .contains("sameReason=true");
    assertThat(result.status()).isZero();
  }

  @Test
  void deniedNativeAccessIsExplained() throws Exception {
    ChildJvm.Result result =
        new ChildJvm()
            .withoutNativeAccess()
            .option("--illegal-native-access=deny")
            .run(LibraryProbe.class, "list");
    assertThat(result.output())
        .contains("reason=native access is denied")
        .contains("cure=start Java with --enable-native-access=ALL-UNNAMED")
        .contains("sameReason=true");
    assertThat(result.status()).isZero();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void libraryPlantedInTheTemporaryDirectoryIsNotLoaded() throws Exception {
    OpenClTestDevice.require();
    Path planted = directory.resolve("libJOCL_2_0_6-linux-" + architecture() + ".so");
    Files.writeString(planted, "somebody else's code");
    ChildJvm.Result result =
        new ChildJvm().option("-Djava.io.tmpdir=" + directory).run(LibraryProbe.class, "list");
    assertThat(result.output()).contains("platforms=");
    assertThat(result.status()).isZero();
    try (Stream<Path> left = Files.list(directory)) {
      assertThat(left).containsExactly(planted);
    }
  }

  private static String architecture() {
    return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x86_64";
  }
}
