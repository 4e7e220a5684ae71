package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Drivers that crash or hang when they are loaded; every case in a JVM of its own. */
@EnabledOnOs(OS.LINUX)
class DriverTrialTest {
  private static final int PART_OF_A_LIBRARY = 8192;

  @TempDir Path vendors;

  @Test
  void driverThatCrashesIsNamedAndNotLoaded() throws Exception {
    OpenClTestDevice.require();
    Path crashing = register("crashing", truncatedLibrary());

    ChildJvm.Result result = list(Map.of());

    assertThat(result.output())
        .contains("refused=the OpenCL driver of " + crashing + " crashes or ends the process")
        .contains("cure=reinstall or remove it, or set OCL_ICD_VENDORS")
        .contains("again=true");
    assertThat(result.status()).isZero();
  }

  @Test
  void driverThatHangsIsNamedAndNotLoaded() throws Exception {
    OpenClTestDevice.require();
    Path hanging = register("hanging", pipe());

    ChildJvm.Result result = list(Map.of(DriverTrial.VARIABLE, "5"));

    assertThat(result.output())
        .contains("refused=the OpenCL driver of " + hanging + " does not answer within 5 s")
        .contains("cure=reinstall or remove it");
    assertThat(result.status()).isZero();
  }

  @Test
  void goodDriverBesideABadOneIsNotBlamed() throws Exception {
    OpenClTestDevice.require();
    Path good = Files.copy(registered(), vendors.resolve("good.icd"));
    Path crashing = register("crashing", truncatedLibrary());

    ChildJvm.Result result = list(Map.of());

    assertThat(result.output()).contains(crashing.toString()).doesNotContain(good.toString());
    assertThat(result.status()).isZero();
  }

  @Test
  void withoutTheTrialTheDriverTakesTheProcessWithIt() throws Exception {
    OpenClTestDevice.require();
    register("crashing", truncatedLibrary());

    ChildJvm.Result result = list(Map.of(DriverTrial.VARIABLE, "0"));

    assertThat(result.status()).as("what the trial is for").isNotZero();
  }

  @Test
  void driversThatAnswerAreLoaded() throws Exception {
    OpenClTestDevice.require();
    ChildJvm.Result result = new ChildJvm().run(LibraryProbe.class, "list");

    assertThat(result.output()).contains("platforms=").doesNotContain("platforms=0");
    assertThat(result.status()).isZero();
  }

  @Test
  void wrongLimitIsAnErrorThatNamesIt() throws Exception {
    OpenClTestDevice.require();
    ChildJvm.Result result = list(Map.of(DriverTrial.VARIABLE, "soon"));

    assertThat(result.output())
        .contains("refused=embedcl.probe = 'soon' is not a number of seconds")
        .contains("cure=leave it out for 30");
    assertThat(result.status()).isZero();
  }

  private ChildJvm.Result list(Map<String, String> environment) throws Exception {
    ChildJvm child = new ChildJvm().environment("OCL_ICD_VENDORS", vendors.toString());
    environment.forEach(child::environment);
    return child
        .option("-XX:+SuppressFatalErrorMessage")
        .option("-XX:-CreateCoredumpOnCrash")
        .run(LibraryProbe.class, "list");
  }

  private Path register(String name, Path library) throws IOException {
    return Files.writeString(vendors.resolve(name + ".icd"), library + "\n");
  }

  /** A library whose end is missing, as after an update that broke off: loading it is a SIGBUS. */
  private Path truncatedLibrary() throws IOException {
    Path whole = Path.of(System.getProperty("java.home"), "lib", "libjava.so");
    byte[] part = Arrays.copyOf(Files.readAllBytes(whole), PART_OF_A_LIBRARY);
    return Files.write(vendors.resolve("libtruncated.so"), part, StandardOpenOption.CREATE_NEW);
  }

  /** Opening a pipe waits for somebody to write to it: loading it as a library never ends. */
  private Path pipe() throws IOException, InterruptedException {
    Path pipe = vendors.resolve("libhanging.so");
    Process mkfifo = new ProcessBuilder("mkfifo", pipe.toString()).inheritIO().start();
    assertThat(mkfifo.waitFor()).isZero();
    return pipe;
  }

  private static Path registered() throws IOException {
    Path folder = Path.of("/etc/OpenCL/vendors");
    assumeTrue(Files.isDirectory(folder), "drivers are registered elsewhere");
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.icd")) {
      return files.iterator().next();
    }
  }
}
