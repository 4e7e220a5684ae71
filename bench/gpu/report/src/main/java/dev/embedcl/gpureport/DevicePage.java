package dev.embedcl.gpureport;

import dev.embedcl.backend.opencl.FloatAtomicsTrial;
import dev.embedcl.backend.opencl.TunedProfiles;
import dev.embedcl.opencl.Device;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** What the driver says about itself, and which float atomics work. */
final class DevicePage {
  private DevicePage() {}

  static void describe(OpenDevice opened, ReportFolder report) throws IOException {
    report.section("Device");
    Device device = opened.device();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("selector", opened.selector());
    facts.put("name", device.name());
    facts.put("vendor", device.vendor());
    facts.put("type", device.type().toString());
    facts.put("architecture", device.architecture());
    facts.put("platform", device.platform().name());
    facts.put("platform version", device.platform().version());
    facts.put("driver version", device.driverVersion());
    facts.put("device version", device.version());
    facts.put("OpenCL C version", device.openClCVersion());
    facts.put("compute units", device.computeUnits());
    facts.put("largest work-group", device.maxWorkGroupSize());
    facts.put("global memory, bytes", device.globalMemoryBytes());
    facts.put("largest allocation, bytes", device.maxAllocationBytes());
    facts.put("local memory, bytes", device.localMemoryBytes());
    facts.put("base address alignment, bytes", device.baseAddressAlignmentBytes());
    facts.put("shares the host's memory", device.hostUnifiedMemory());
    facts.put("float32 subnormals", device.float32Denormals());
    facts.put("float32 fma", device.float32Fma());
    facts.put("correctly rounded division", device.correctlyRoundedDivideSqrt());
    facts.put("extensions", String.join(" ", new TreeSet<>(device.extensions())));
    facts.put("launch profile", profile(opened));
    facts.put("library", String.valueOf(OpenDevice.class.getPackage().getImplementationVersion()));
    facts.put("Java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    facts.put(
        "host",
        System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + ", "
            + System.getProperty("os.arch")
            + ", "
            + Runtime.getRuntime().availableProcessors()
            + " processors");
    List<List<String>> rows = new ArrayList<>();
    facts.forEach((name, value) -> rows.add(List.of(name, value.toString())));
    report.table(List.of("what", "value"), rows);
    report.put("device", facts);
  }

  /** Returns how work is cut, and whether that was measured on this device. */
  private static String profile(OpenDevice opened) {
    boolean tuned = !opened.backend().profile().equals(TunedProfiles.bundled(opened.device()));
    String numbers = opened.backend().profile().toString().replaceFirst(".*\\[(.*)\\]", "$1");
    return numbers
        + (tuned
            ? ", measured here by 'run tune'"
            : ", as it comes with the library: 'run tune' looks for a better one");
  }

  static void tryFloatAtomics(OpenDevice opened, ReportFolder report) throws IOException {
    report.section("Float atomics");
    List<List<String>> rows = new ArrayList<>();
    List<Map<String, Object>> json = new ArrayList<>();
    for (FloatAtomicsTrial trial : opened.backend().tryFloatAtomics()) {
      String outcome =
          switch (trial.outcome()) {
            case WORKS -> "works";
            case NOT_OFFERED -> "not offered by this device";
            case REFUSED -> "refused by the driver";
            case WRONG -> "builds, and gives wrong sums";
          };
      rows.add(List.of(trial.title(), outcome, firstLines(trial.detail())));
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("title", trial.title());
      entry.put("outcome", trial.outcome().name());
      entry.put("detail", trial.detail());
      json.add(entry);
    }
    report.text("The first that works is the one that the atomic scatter uses.");
    report.table(List.of("way", "outcome", "detail"), rows);
    report.put("floatAtomics", json);
  }

  private static String firstLines(String text) {
    return text.length() <= 300 ? text : text.substring(0, 300) + " … (see report.json)";
  }
}
