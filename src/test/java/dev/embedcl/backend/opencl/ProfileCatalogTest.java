package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import dev.embedcl.opencl.DeviceType;
import java.io.StringReader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProfileCatalogTest {
  private static final String NUMBERS =
      """
      "vectorBytes": 16, "unalignedVectors": false, "workGroupItems": 64, "maxRowGroups": 100,
      "streamingBytes": 7, "rowsInFlight": 2, "bagRowsInFlight": 1, "asideBytes": 9, "pinnedStaging": true
      """;

  @ParameterizedTest
  @CsvSource({
    "GPU, NVIDIA H200, NVIDIA Corporation, sm_90, nvidia",
    "GPU, 'gfx90a:sramecc+:xnack-', 'Advanced Micro Devices, Inc.', gfx90a, amd",
    "GPU, Arc, Intel, '', gpu",
    "ACCELERATOR, FPGA, Intel, '', accelerator",
    "CPU, pthread-haswell, GenuineIntel, amd64, cpu",
    "CUSTOM, other, other, '', gpu"
  })
  void everyDeviceHasAProfileOfTheLibrary(
      DeviceType type, String name, String vendor, String architecture, String profile) {
    assertThat(ProfileCatalog.bundled().profileOf(device(type, name, vendor, architecture)).name())
        .isEqualTo(profile);
  }

  /** What is used where the file cannot be read has to be as good. */
  @Test
  void profilesByTypeAreThoseInTheCode() {
    for (DeviceType type : new DeviceType[] {DeviceType.CPU, DeviceType.GPU}) {
      assertThat(ProfileCatalog.bundled().profileOf(device(type, "x", "y", "")))
          .isEqualTo(LaunchProfile.of(type));
    }
  }

  @Test
  void mostSpecificProfileIsTakenWhereverItStands() throws Exception {
    ProfileCatalog catalog =
        ProfileFormat.readCatalog(
            new StringReader(
                file(
                    entry("any", ""),
                    entry("gpu", "\"type\": \"gpu\""),
                    entry("first", "\"type\": \"gpu\", \"vendor\": \"acme\""),
                    entry("second", "\"type\": \"gpu\", \"name\": \"^rocket\""),
                    entry(
                        "most",
                        "\"type\": \"gpu\", \"vendor\": \"acme\", \"architecture\": \"r2\""))));
    assertThat(catalog.profileOf(device(DeviceType.CPU, "x", "y", "")).name()).isEqualTo("any");
    assertThat(catalog.profileOf(device(DeviceType.GPU, "x", "y", "")).name()).isEqualTo("gpu");
    assertThat(catalog.profileOf(device(DeviceType.GPU, "Rocket 9", "ACME Inc.", "r1")).name())
        .isEqualTo("first");
    assertThat(catalog.profileOf(device(DeviceType.GPU, "Rocket 9", "other", "r1")).name())
        .isEqualTo("second");
    assertThat(catalog.profileOf(device(DeviceType.GPU, "Rocket 9", "ACME Inc.", "r2")))
        .isEqualTo(new LaunchProfile("most", 16, false, 64, 100, 7, 2, 1, 9, true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "``|the file is empty",
        "[]|the file must be a JSON object",
        "{|not valid JSON (Unexpected end-of-input",
        "{}|the file has no field 'format'",
        "{\"format\": 2}|format = 2; this version reads 1",
        "{\"format\": 1, \"profiles\": 3}|the file: profiles must be a JSON array",
        "{\"format\": 1, \"profiles\": [3]}|profiles[0] must be a JSON object",
        "{\"format\": 1, \"profiles\": [], \"more\": 1}|the file has unknown fields: [more]",
        "{\"format\": 1, \"format\": 1}|not valid JSON (Duplicate field 'format'",
        "{\"format\": 1, \"profiles\": []} 1|the file goes on after its end",
        "{\"format\": 1.5}|1.5 is no value that profiles have",
        "{\"format\": 99999999999999999999}|not valid JSON"
      })
  void wrongFilesAreRefusedWithTheReason(String text, String message) {
    assertThatIOException()
        .isThrownBy(() -> ProfileFormat.readCatalog(new StringReader(text)))
        .withMessageStartingWith(message);
    assertThat(
            ProfileCatalog.read(new StringReader(text))
                .profileOf(device(DeviceType.CPU, "", "", "")))
        .isEqualTo(LaunchProfile.CPU);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"workGroupItems\": 64|\"workGroupItems\": 65|"
            + "profiles[0]: workGroupItems = 65 is no power of two in [1, 4096]",
        "\"workGroupItems\": 64|\"workGroupItems\": 4294967297|"
            + "profiles[0]: workGroupItems must be a number below 2^31",
        "false|0|profiles[0]: unalignedVectors must be true or false",
        "\"streamingBytes\": 7|\"streamingBytes\": \"7\"|"
            + "profiles[0]: streamingBytes must be a whole number or null",
        "\"rowsInFlight\": 2|\"rows\": 2|profiles[0] has no field 'rowsInFlight'",
        "\"rowsInFlight\": 2|\"rowsInFlight\": 2, \"x\": 1|profiles[0] has unknown fields: [x]",
        "\"type\": \"gpu\"|\"type\": \"abacus\"|"
            + "profiles[0]: match: type = 'abacus' is none of cpu, gpu, accelerator, custom",
        "\"type\": \"gpu\"|\"name\": \"(\"|"
            + "profiles[0]: match: name = '(' is no regular expression",
        "\"type\": \"gpu\"|\"kind\": \"gpu\"|profiles[0]: match has unknown fields: [kind]"
      })
  void wrongFieldsAreNamed(String right, String wrong, String message) {
    String text = file(entry("name", "\"type\": \"gpu\""));
    assertThat(text).contains(right);
    assertThatIOException()
        .isThrownBy(() -> ProfileFormat.readCatalog(new StringReader(text.replace(right, wrong))))
        .withMessage(message);
  }

  private static DeviceTraits device(
      DeviceType type, String name, String vendor, String architecture) {
    return new DeviceTraits(type, name, vendor, architecture, "platform", "1.0");
  }

  private static String entry(String name, String match) {
    return "{\"name\": \"" + name + "\", \"match\": {" + match + "}, " + NUMBERS + "}";
  }

  private static String file(String... entries) {
    return "{\"format\": 1, \"profiles\": [" + String.join(", ", entries) + "]}";
  }
}
