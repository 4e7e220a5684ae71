package dev.embedcl.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.embedcl.backend.Backends.DeviceReport;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How a device is chosen by name. */
final class BackendsTest {

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "CPU", " cpu "})
  void cpuIsThePureJavaBackend(String selector) {
    try (Backend backend = Backends.open(selector)) {
      assertThat(backend.device().type()).isEqualTo(DeviceType.JAVA);
      assertThat(backend.device().selector()).isEqualTo("cpu");
    }
  }

  @Test
  void autoAlwaysFindsADevice() {
    try (Backend backend = Backends.open("auto")) {
      assertThat(backend.device().type() == DeviceType.JAVA)
          .as("the pure-Java backend is taken")
          .isEqualTo(TestBackends.openClCandidates().isEmpty());
    }
  }

  @Test
  void partOfANameFindsTheDevice() {
    String name;
    try (Backend cpu = Backends.open("cpu")) {
      name = cpu.device().name();
    }
    try (Backend backend = Backends.open(name.substring(1))) {
      assertThat(backend.device().name()).contains(name.substring(1));
    }
  }

  @Test
  void namedKindLeavesOtherKindsAlone() {
    assertThat(Backends.providers("cpu")).extracting(BackendProvider::name).containsExactly("cpu");
    assertThat(Backends.providers("opencl:0.0"))
        .extracting(BackendProvider::name)
        .containsExactly("opencl");
    assertThat(Backends.providers("auto"))
        .extracting(BackendProvider::name)
        .containsExactlyInAnyOrder("cpu", "opencl");
  }

  @Test
  void unknownNameListsTheDevicesThereAre() {
    assertThatExceptionOfType(DeviceUnavailableException.class)
        .isThrownBy(() -> Backends.open("no such device"))
        .withMessageContaining("no device has that name; there are ")
        .withMessageContaining("cpu \"");
  }

  @Test
  void propertyNamesTheDevice() {
    String before = System.getProperty(Backends.PROPERTY);
    System.setProperty(Backends.PROPERTY, "cpu");
    try (Backend backend = Backends.open()) {
      assertThat(backend.device().type()).isEqualTo(DeviceType.JAVA);
    } finally {
      if (before == null) {
        System.clearProperty(Backends.PROPERTY);
      } else {
        System.setProperty(Backends.PROPERTY, before);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"no such device", "opencl:99.0"})
  void unknownNameIsAnErrorThatNamesTheCure(String selector) {
    assertThatExceptionOfType(DeviceUnavailableException.class)
        .isThrownBy(() -> Backends.open(selector))
        .withMessageStartingWith("device '" + selector + "' cannot be used")
        .withMessageEndingWith("'auto' takes the best device there is, 'cpu' needs no driver");
  }

  @Test
  void surveyReportsEveryDeviceAndWhichOneAutoTakes() {
    List<DeviceReport> reports = Backends.survey();
    assertThat(reports)
        .anySatisfy(report ->
            assertThat(report.device())
                .hasValueSatisfying(info -> assertThat(info.type()).isEqualTo(DeviceType.JAVA)));
    assertThat(reports).filteredOn(DeviceReport::auto).hasSize(1);
    assertThat(reports)
        .allSatisfy(report ->
            assertThat(report.device().isPresent() || report.refusal().isPresent()).isTrue());
  }
}
