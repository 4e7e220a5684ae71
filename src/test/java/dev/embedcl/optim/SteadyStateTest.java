package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.opencl.OpenClTestDevice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A training loop in its steady state leaves next to nothing to collect, whatever its batches.
 *
 * <p>In a virtual machine of its own, as a program's training loop is: in that of the tests, which
 * has run every kind of loop on every kind of input, the compiler once gave up on inlining vector
 * operations in one of them for good, and each then allocates its result.
 */
final class SteadyStateTest {
  /** About a kilobyte, with room for what a compiler may decide otherwise; 2,048 ids take more. */
  private static final long BYTES_PER_ITERATION = 1536;

  private static final long TIMEOUT_SECONDS = 240;

  @ParameterizedTest
  @CsvSource({"cpu, 8", "cpu, 512", "opencl, 512"})
  void forwardAndFusedStepAllocateNextToNothing(String device, int batchSize) throws Exception {
    if (device.equals("opencl")) {
      OpenClTestDevice.require();
    }
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                TrainingLoop.class.getName(),
                device,
                Integer.toString(batchSize),
                Long.toString(BYTES_PER_ITERATION))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      assertThat(process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)).as("ended in time").isTrue();
      String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.exitValue()).as(out).isZero();
      assertThat(Long.parseLong(out.strip()))
          .as("bytes on the Java heap per forward and step")
          .isLessThanOrEqualTo(BYTES_PER_ITERATION);
    } finally {
      process.destroyForcibly();
    }
  }
}
