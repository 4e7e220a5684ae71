package dev.embedcl.backend;

import static org.junit.jupiter.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.abort;

import dev.embedcl.backend.BackendProvider.Candidate;
import dev.embedcl.backend.BackendProvider.Refusal;
import dev.embedcl.backend.BackendProvider.Survey;
import dev.embedcl.backend.cpu.TestCpuBackends;
import dev.embedcl.backend.opencl.TestOpenClBackends;
import java.util.ArrayList;
import java.util.List;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.ArgumentsProvider;
import org.junit.jupiter.params.support.ParameterDeclarations;

/**
 * The backends that every operation is tested on: the pure-Java one with 1, 2 and 7 threads, vector
 * and plain loops, and each OpenCL device, with the launch profiles of a CPU and of a GPU but for
 * classes annotated {@link DefaultLaunchProfile}; see {@link GpuWorkGroups} too.
 *
 * <p>A device that cannot be used is a skipped test that says why; with {@code
 * EMBEDCL_EXPECT_OPENCL=true} in the environment it is a failed one. Backends are shared by the
 * tests of a class and closed after them.
 *
 * <p>The system property {@code embedcl.test.device}, an OpenCL device's selector such as {@code
 * opencl:0.0}, leaves that device alone: for a suite that judges one device.
 */
public final class TestBackends implements ArgumentsProvider {
  private static final String EXPECT_VARIABLE = "EMBEDCL_EXPECT_OPENCL";

  private static final @Nullable String ONLY = System.getProperty("embedcl.test.device");

  /** Looked for once: that may take a while. */
  private static final List<Survey> OPENCL =
      ServiceLoader.load(BackendProvider.class).stream()
          .map(ServiceLoader.Provider::get)
          .filter(provider -> provider.name().equals("opencl"))
          .map(BackendProvider::survey)
          .toList();

  /** Creates the provider; for JUnit. */
  public TestBackends() {}

  @Override
  public Stream<? extends Arguments> provideArguments(
      ParameterDeclarations parameters, ExtensionContext context) {
    ExtensionContext ofClass = context.getParent().orElse(context);
    Profiles profiles = Profiles.of(context.getRequiredTestClass());
    return ofClass
        .getStore(Namespace.create(TestBackends.class))
        .getOrComputeIfAbsent(profiles, key -> new Opened(list(profiles)), Opened.class)
        .backends()
        .stream()
        .map(Arguments::of);
  }

  /** Returns the OpenCL devices that can be used; none is no failure here. */
  static List<Candidate> openClCandidates() {
    return OPENCL.stream()
        .flatMap(survey -> survey.candidates().stream())
        .filter(candidate -> candidate.refusal() == null)
        .filter(candidate -> ONLY == null || ONLY.equals(candidate.info().selector()))
        .toList();
  }

  private static List<TestBackend> list(Profiles profiles) {
    List<TestBackend> all = new ArrayList<>();
    if (ONLY == null) {
      all.addAll(TestCpuBackends.all(TestBackend::new));
    }
    for (Candidate candidate : openClCandidates()) {
      all.add(new TestBackend(candidate.info().summary(), candidate.opener()));
    }
    if (profiles != Profiles.DEFAULT) {
      // A device that is judged alone is judged by what it would run.
      boolean smallGroups = profiles == Profiles.SMALL_GROUPS && ONLY == null;
      all.addAll(TestOpenClBackends.otherProfiles(ONLY, smallGroups, TestBackend::new));
    }
    if (ONLY != null) {
      if (all.isEmpty()) {
        all.add(new TestBackend(ONLY, () -> fail("there is no usable device " + ONLY)));
      }
      return all;
    }
    for (Survey survey : OPENCL) {
      survey.refusals().forEach(refusal -> all.add(absent(refusal.toString())));
      for (Candidate candidate : survey.candidates()) {
        Refusal refusal = candidate.refusal();
        if (refusal != null) {
          all.add(absent(refusal.toString()));
        }
      }
    }
    if (OPENCL.isEmpty()) {
      all.add(absent("there is no OpenCL backend on the class path"));
    }
    return all;
  }

  private static TestBackend absent(String why) {
    boolean expected =
        Boolean.parseBoolean(System.getenv(EXPECT_VARIABLE)) && openClCandidates().isEmpty();
    Supplier<Backend> opener =
        () ->
            expected
                ? fail(EXPECT_VARIABLE + " is true, but OpenCL cannot be used: " + why)
                : abort("OpenCL cannot be used: " + why);
    return new TestBackend("opencl (cannot be used)", opener);
  }

  /** The launch profiles that a test class asks for. */
  private enum Profiles {
    DEFAULT,
    SMALL_GROUPS,
    GPU_WORK_GROUPS;

    static Profiles of(Class<?> test) {
      if (test.isAnnotationPresent(DefaultLaunchProfile.class)) {
        return DEFAULT;
      }
      return test.isAnnotationPresent(GpuWorkGroups.class) ? GPU_WORK_GROUPS : SMALL_GROUPS;
    }
  }

  /** What a test class has opened; JUnit closes it with the class. */
  private record Opened(List<TestBackend> backends) implements AutoCloseable {
    @Override
    public void close() {
      backends.forEach(TestBackend::close);
    }
  }
}
