package dev.embedcl.gpureport;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.platform.commons.support.ReflectionSupport;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the library's conformance tests, those annotated {@code @EveryBackend}, in a process of its
 * own: a driver that crashes shall not take the report with it. Arguments: where to write what
 * became of them; the device is in the system property {@code embedcl.test.device}.
 */
final class ConformanceRun {
  private static final int MOST_FAILURES = 50;

  private ConformanceRun() {}

  public static void main(String[] args) throws IOException {
    Path target = Path.of(args[0]);
    List<Class<?>> tests =
        new ArrayList<>(
            ReflectionSupport.findAllClassesInPackage(
                "dev.embedcl", ConformanceRun::isConformanceTest, name -> name.endsWith("Test")));
    // The kernels' own tests first: where time is short, the rest is what is left out.
    tests.sort(
        Comparator.<Class<?>, Boolean>comparing(test -> !test.getPackageName().endsWith(".op"))
            .thenComparing(Class::getName));
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(tests.stream().map(DiscoverySelectors::selectClass).toList())
            .build();
    Tally tally = new Tally(target);
    LauncherFactory.create().execute(request, tally);
    tally.write(true);
    System.exit(0); // a driver's threads may still be there
  }

  private static boolean isConformanceTest(Class<?> type) {
    return Arrays.stream(type.getDeclaredMethods())
        .flatMap(method -> Arrays.stream(method.getAnnotations()))
        .anyMatch(annotation -> annotation.annotationType().getSimpleName().equals("EveryBackend"));
  }

  /** Counts, and writes after each class, so that something is left of a crash. */
  private static final class Tally implements TestExecutionListener {
    private final Path target;
    private final Map<String, Integer> passed = new TreeMap<>();
    private final List<String> failures = new ArrayList<>();
    private final List<String> skipped = new ArrayList<>();
    private int failed;
    private String last = "";

    Tally(Path target) {
      this.target = target;
    }

    @Override
    public synchronized void executionStarted(TestIdentifier test) {
      last = test.getDisplayName();
    }

    @Override
    public synchronized void executionSkipped(TestIdentifier test, String reason) {
      skipped.add(test.getDisplayName() + ": " + reason);
    }

    @Override
    public synchronized void executionFinished(TestIdentifier test, TestExecutionResult result) {
      switch (result.getStatus()) {
        case SUCCESSFUL -> {
          if (test.isTest()) {
            passed.merge(className(test), 1, Integer::sum);
          }
        }
        case ABORTED -> skipped.add(test.getDisplayName() + ": " + message(result));
        case FAILED -> {
          failed++;
          if (failures.size() < MOST_FAILURES) {
            failures.add(
                className(test)
                    + ", "
                    + test.getLegacyReportingName()
                    + ", "
                    + test.getDisplayName()
                    + ": "
                    + message(result));
          }
        }
      }
      if (!test.isTest()) {
        write(false);
      }
    }

    private static String className(TestIdentifier test) {
      return test.getSource()
          .filter(MethodSource.class::isInstance)
          .map(MethodSource.class::cast)
          .map(MethodSource::getClassName)
          .map(name -> name.substring(name.lastIndexOf('.') + 1))
          .orElse(test.getDisplayName());
    }

    private static String message(TestExecutionResult result) {
      return result.getThrowable().map(Throwable::toString).orElse("");
    }

    synchronized void write(boolean complete) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("complete", complete);
      json.put("last", last);
      json.put("passed", passed.values().stream().mapToInt(Integer::intValue).sum());
      json.put("failed", failed);
      json.put("passedByClass", passed);
      json.put("failures", failures);
      json.put("skipped", skipped);
      try {
        Files.writeString(target, JSON.std.asString(json));
      } catch (IOException e) {
        throw new java.io.UncheckedIOException("cannot write " + target, e);
      }
    }
  }
}
