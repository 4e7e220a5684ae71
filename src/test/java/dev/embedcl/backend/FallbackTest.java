package dev.embedcl.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.embedcl.backend.Backends.DeviceReport;
import dev.embedcl.opencl.LiveObjects;
import java.text.MessageFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What is chosen where OpenCL is there, and where it is not: run once as it is, and by {@code
 * ci/test} with {@code EMBEDCL_WITHOUT} telling what it has taken away.
 */
@Tag("fallback")
class FallbackTest {
  private static final String WITHOUT = "EMBEDCL_WITHOUT";

  private static String without() {
    String without = System.getenv(WITHOUT);
    return without == null ? "" : without;
  }

  @Test
  void autoTakesJavaWhereOpenClIsMissing() {
    assumeThat(without()).isNotEmpty();
    try (Backend backend = Backends.open(Backends.AUTO)) {
      assertThat(backend.device().type()).isEqualTo(DeviceType.JAVA);
      SelfTest.run(backend);
    }
  }

  @Test
  void refusalNamesCauseAndCureInOneLogLineOfLevelInfo() {
    assumeThat(without()).isNotEmpty();
    List<String> lines = new ArrayList<>();
    Handler handler =
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            lines.add(
                line.getLevel()
                    + " "
                    + MessageFormat.format(line.getMessage(), line.getParameters()));
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        };
    Logger logger = Logger.getLogger(Backends.class.getName());
    logger.addHandler(handler);
    try (Backend backend = Backends.open(Backends.AUTO)) {
      assertThat(lines).hasSize(2);
      assertThat(lines.get(0))
          .startsWith("INFO not used: OpenCL: ")
          .contains(without().equals("platforms") ? "no driver is registered" : "librar")
          .contains("install");
      assertThat(lines.get(1)).startsWith("INFO using cpu ").contains(backend.device().name());
    } finally {
      logger.removeHandler(handler);
    }
  }

  @Test
  void namedOpenClThatIsMissingIsAnErrorWithTheSameCauseAndCure() {
    assumeThat(without()).isNotEmpty();
    assertThatThrownBy(() -> Backends.open("opencl:0.0"))
        .isInstanceOf(DeviceUnavailableException.class)
        .hasMessageContaining("'opencl:0.0' cannot be used")
        .hasMessageContaining("install")
        .hasMessageContaining("'cpu' needs no driver");
  }

  @Test
  void surveyMarksExactlyOneDeviceAsTheOneThatAutoTakes() {
    List<DeviceReport> reports = Backends.survey();

    assertThat(reports.stream().filter(DeviceReport::auto)).hasSize(1);
    DeviceInfo first = reports.getFirst().device().orElseThrow();
    try (Backend backend = Backends.open(Backends.AUTO)) {
      assertThat(backend.device().selector()).isEqualTo(first.selector());
    }
    assertThat(reports.stream().flatMap(report -> report.device().stream()))
        .anyMatch(device -> device.type() == DeviceType.JAVA);
  }

  @Test
  void nothingNativeIsLeftOpen() {
    Backends.survey();
    assertThat(LiveObjects.count()).isZero();
  }
}
