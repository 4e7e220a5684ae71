package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Waiting for a device that does not come back; a JVM of its own takes what it leaves behind. */
class CommandWaitTest {
  private static final String TIMED_OUT =
      ".* has not finished its commands within 1 s \\(the limit of embedcl.timeout\\);"
          + " a kernel that never ends cannot be stopped: end the process, or raise the limit";

  @ParameterizedTest
  @ValueSource(strings = {"leave", "leave, upload aside"})
  void everyCallThatWaitsGivesUpAtTheLimit(String what) throws Exception {
    ChildJvm.Result result = run(what);

    assertThat(result.output().lines())
        .filteredOn(line -> !line.startsWith("closing") && !line.startsWith("live"))
        .hasSize(5)
        .allSatisfy(line -> assertThat(line).matches(TIMED_OUT));
    // And the context of a lost device can be closed, and the process ends.
    assertThat(result.output()).contains("live=0");
    assertThat(result.status()).isZero();
  }

  @Test
  void deviceThatComesBackGoesOn() throws Exception {
    ChildJvm.Result result = run("recover, upload aside");

    assertThat(result.output()).contains("finish after the end: done").contains("live=0");
    assertThat(result.output()).doesNotContain("closing");
    assertThat(result.status()).isZero();
  }

  @Test
  void limitHasToBeANumberOfSeconds() {
    for (String wrong : List.of("soon", "-1", "1.5", "")) {
      System.setProperty(CommandWait.PROPERTY, wrong);
      try {
        assertThatIllegalArgumentException()
            .isThrownBy(CommandWait::configuredSeconds)
            .withMessageStartingWith("embedcl.timeout = '" + wrong + "' is not a number of seconds")
            .withMessageContaining("give 0 to wait without limit");
      } finally {
        System.clearProperty(CommandWait.PROPERTY);
      }
    }
    assertThat(CommandWait.configuredSeconds()).isZero();
  }

  private static ChildJvm.Result run(String argument) throws Exception {
    Device device = OpenClTestDevice.require();
    assumeTrue(device.hostUnifiedMemory(), "the flag lies in shared memory");
    return new ChildJvm().option("-Dembedcl.timeout=1").run(EndlessKernel.class, argument);
  }
}
