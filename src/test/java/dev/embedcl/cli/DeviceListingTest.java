package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import dev.embedcl.backend.BackendProvider.Refusal;
import dev.embedcl.backend.Backends.DeviceReport;
import dev.embedcl.backend.DeviceInfo;
import dev.embedcl.backend.DeviceType;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code devices} prints, for machines that are not this one. */
final class DeviceListingTest {
  private static final DeviceInfo GPU =
      new DeviceInfo(
          "opencl:1.0",
          DeviceType.GPU,
          "Big \"GPU\"",
          "Vendor",
          "Platform 3.0, driver 550.1",
          132,
          150_754_820_096L,
          37_688_705_024L,
          false,
          true,
          true,
          "nvidia",
          "native float atomics",
          "OpenCL C: 1.2\nextensions: cl_khr_fp16");
  private static final DeviceInfo JAVA =
      new DeviceInfo(
          "cpu",
          DeviceType.JAVA,
          "Small CPU",
          "Other",
          "Java 25",
          2,
          1023,
          Long.MAX_VALUE,
          true,
          false,
          true,
          "none",
          "deterministic",
          "");
  private static final Refusal NO_PLATFORM =
      new Refusal("OpenCL", "no platform was found", "install a driver, for example PoCL");

  @Test
  void machineWithoutOpenClShowsTheCpuAndTheReason() {
    assertThat(table(usable(JAVA, true), refused(NO_PLATFORM)))
        .isEqualTo(
            """
              DEVICE  TYPE  NAME       UNITS  MEMORY      LARGEST BUFFER  PROFILE  DRIVER
            * cpu     java  Small CPU  2      1023 bytes  8.0 EiB         none     Java 25

            * taken by --device auto, the default

            Cannot be used:
              OpenCL: no platform was found
                install a driver, for example PoCL
            """);
  }

  @Test
  void onlyTheDeviceThatAutoTakesIsMarked() {
    assertThat(table(usable(GPU, true), usable(JAVA, false)))
        .isEqualTo(
            """
              DEVICE      TYPE  NAME       UNITS  MEMORY      LARGEST BUFFER  PROFILE  DRIVER
            * opencl:1.0  gpu   Big "GPU"  132    140.4 GiB   35.1 GiB        nvidia   Platform 3.0, driver 550.1
              cpu         java  Small CPU  2      1023 bytes  8.0 EiB         none     Java 25

            * taken by --device auto, the default
            """);
  }

  @Test
  void refusedDeviceIsListedWithItsReasonOnly() {
    Refusal refusal = new Refusal("opencl:1.0 \"Big\"", "wrong\n  answer", "update the driver");
    String table =
        table(new DeviceReport(Optional.of(GPU), Optional.of(refusal), false), usable(JAVA, true));
    assertThat(table)
        .doesNotContain("opencl:1.0  gpu")
        .contains("* cpu ")
        .contains("  opencl:1.0 \"Big\": wrong answer\n    update the driver\n");
  }

  @Test
  void jsonHasEveryPropertyOfEveryDevice() throws Exception {
    Refusal refusal = new Refusal("Big", "wrong answer", "update");
    assertThat(
            json(
                new DeviceReport(Optional.of(GPU), Optional.of(refusal), false),
                usable(JAVA, true),
                refused(NO_PLATFORM)))
        .isEqualToIgnoringWhitespace(
            """
            { "auto": "cpu",
              "devices": [
                { "selector": "opencl:1.0", "type": "gpu", "name": "Big \\"GPU\\"",
                  "vendor": "Vendor", "driver": "Platform 3.0, driver 550.1",
                  "usable": false, "auto": false, "computeUnits": 132,
                  "memoryBytes": 150754820096, "maxAllocationBytes": 37688705024,
                  "hostUnifiedMemory": false, "flushesSubnormals": true,
                  "correctlyRoundedDivision": true, "profile": "nvidia", "scatter": "native float atomics",
                  "details": ["OpenCL C: 1.2", "extensions: cl_khr_fp16"],
                  "refusal": { "subject": "Big", "cause": "wrong answer", "cure": "update" } },
                { "selector": "cpu", "type": "java", "name": "Small CPU", "vendor": "Other",
                  "driver": "Java 25", "usable": true, "auto": true, "computeUnits": 2,
                  "memoryBytes": 1023, "maxAllocationBytes": 9223372036854775807,
                  "hostUnifiedMemory": true, "flushesSubnormals": false,
                  "correctlyRoundedDivision": true, "profile": "none", "scatter": "deterministic", "details": [] } ],
              "refusals": [
                { "subject": "OpenCL", "cause": "no platform was found",
                  "cure": "install a driver, for example PoCL" } ] }
            """);
  }

  @Test
  void jsonWithoutAnyDeviceIsStillJson() throws Exception {
    assertThat(json())
        .isEqualToIgnoringWhitespace("{\"auto\":null,\"devices\":[],\"refusals\":[]}");
  }

  private static DeviceReport usable(DeviceInfo device, boolean auto) {
    return new DeviceReport(Optional.of(device), Optional.empty(), auto);
  }

  private static DeviceReport refused(Refusal refusal) {
    return new DeviceReport(Optional.empty(), Optional.of(refusal), false);
  }

  private static String table(DeviceReport... reports) {
    StringWriter text = new StringWriter();
    try (PrintWriter out = new PrintWriter(text)) {
      DeviceListing.writeTable(List.of(reports), out);
    }
    return text.toString().replace(System.lineSeparator(), "\n");
  }

  private static String json(DeviceReport... reports) throws Exception {
    StringWriter text = new StringWriter();
    try (PrintWriter out = new PrintWriter(text)) {
      DeviceListing.writeJson(List.of(reports), out);
    }
    try (JsonParser parser = new JsonFactory().createParser(text.toString())) {
      while (parser.nextToken() != null) {
        parser.getText();
      }
    }
    return text.toString();
  }
}
