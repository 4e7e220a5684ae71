package dev.embedcl.gpureport;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The library's conformance tests on the device, in a process of their own. */
final class Conformance {
  /** What became of them. */
  enum Outcome {
    PASSED,
    /** Those that ran passed; the limit came before the others. */
    CUT_SHORT,
    FAILED
  }

  private Conformance() {}

  /** Runs them and writes what became of them. */
  static Outcome run(OpenDevice device, long limitSeconds, ReportFolder report)
      throws IOException, InterruptedException {
    report.section("Conformance");
    Path result = Files.createTempFile("embedcl-conformance", ".json");
    File log = report.path().resolve("conformance.log").toFile();
    try {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("--add-modules=jdk.incubator.vector");
      command.add("-Dembedcl.test.device=" + device.selector());
      command.add("-classpath");
      command.add(System.getProperty("java.class.path"));
      command.add(ConformanceRun.class.getName());
      command.add(result.toString());
      long start = System.nanoTime();
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
              .redirectOutput(log)
              .start();
      boolean ended = process.waitFor(limitSeconds, TimeUnit.SECONDS);
      if (!ended) {
        process.destroyForcibly().waitFor();
      }
      String end = ended ? "ended with status " + process.exitValue() : "was ended by the limit";
      return write(result, ended, end, (System.nanoTime() - start) / 1_000_000_000L, report);
    } finally {
      Files.deleteIfExists(result);
    }
  }

  private static Outcome write(
      Path result, boolean ended, String end, long seconds, ReportFolder report)
      throws IOException {
    if (Files.size(result) == 0) {
      report.text("The tests' process " + end + " before any result: see conformance.log.");
      report.put("conformance", Map.of("complete", false, "passed", 0));
      return ended ? Outcome.FAILED : Outcome.CUT_SHORT;
    }
    Map<String, Object> json = JSON.std.mapFrom(Files.readString(result));
    report.put("conformance", json);
    boolean complete = Boolean.TRUE.equals(json.get("complete"));
    report.text(
        "%s passed, %s failed, %d skipped, in %d s; on this device alone, cut as a GPU and as a CPU."
            .formatted(
                json.get("passed"), json.get("failed"), list(json, "skipped").size(), seconds));
    if (Integer.valueOf(0).equals(json.get("passed"))) {
      report.text("NO TEST RAN: see conformance.log.");
    }
    if (!complete) {
      report.text("NOT COMPLETE: the process " + end + " in or after '" + json.get("last") + "'.");
    }
    if (json.get("passedByClass") instanceof Map<?, ?> classes) {
      report.table(
          List.of("test class", "passed"),
          classes.entrySet().stream()
              .map(entry -> List.of(entry.getKey().toString(), entry.getValue().toString()))
              .toList());
    }
    List<String> failures = list(json, "failures");
    if (!failures.isEmpty()) {
      report.verbatim(String.join("\n", failures));
    }
    if (!failures.isEmpty()
        || (ended && !complete)
        || Integer.valueOf(0).equals(json.get("passed"))) {
      return Outcome.FAILED;
    }
    return complete ? Outcome.PASSED : Outcome.CUT_SHORT;
  }

  private static List<String> list(Map<String, Object> json, String name) {
    return json.get(name) instanceof List<?> values
        ? values.stream().map(String::valueOf).toList()
        : List.of();
  }
}
