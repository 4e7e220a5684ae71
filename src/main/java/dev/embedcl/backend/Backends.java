package dev.embedcl.backend;

import dev.embedcl.backend.BackendProvider.Candidate;
import dev.embedcl.backend.BackendProvider.Refusal;
import dev.embedcl.backend.BackendProvider.Survey;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.Predicate;

/**
 * Opens a backend on the device that is asked for, or on the best one.
 *
 * <p>The device is taken from the argument, else from the system property {@code embedcl.device},
 * else from the environment variable {@code EMBEDCL_DEVICE}, else it is {@code auto}:
 *
 * <ul>
 *   <li>{@code auto}: the first OpenCL device (GPUs first, then accelerators, then CPUs) that can
 *       be opened and gives the right answers in a self-test, within two minutes, else the
 *       pure-Java backend;
 *   <li>{@code cpu}: the pure-Java backend;
 *   <li>{@code opencl}: the best OpenCL device;
 *   <li>{@code opencl:P.D}: device D of OpenCL platform P, both counted from 0;
 *   <li>anything else: the best device whose name contains it, in any case.
 * </ul>
 *
 * <p>The choice is made once; nothing switches later. It is logged through {@link System.Logger}
 * under this class's name: one INFO line for the device taken, one line for each refused. The lines
 * about missing drivers are of level INFO, those about drivers that fail of level WARNING.
 */
public final class Backends {
  /** The system property that names the device. */
  public static final String PROPERTY = "embedcl.device";

  /** The environment variable that names the device. */
  public static final String VARIABLE = "EMBEDCL_DEVICE";

  /** The selector that takes the best device, and the default. */
  public static final String AUTO = "auto";

  /** How long a device may take; drivers that compile for the first time take many seconds. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private static final System.Logger LOGGER = System.getLogger(Backends.class.getName());

  private Backends() {}

  /**
   * Opens the device named by property or environment, else the best one.
   *
   * @throws DeviceUnavailableException if a device was named and cannot be used
   */
  public static Backend open() {
    return open(
        Optional.ofNullable(System.getProperty(PROPERTY))
            .or(() -> Optional.ofNullable(System.getenv(VARIABLE)))
            .orElse(AUTO));
  }

  /**
   * Opens a device; see the class comment for what {@code selector} may be.
   *
   * @throws DeviceUnavailableException if a device was named and cannot be used
   */
  public static Backend open(String selector) {
    String name = selector.strip().toLowerCase(Locale.ROOT);
    List<Refusal> refusals = new ArrayList<>();
    List<Candidate> candidates = candidates(name, refusals);
    Predicate<Candidate> wanted = wanted(name);
    for (Candidate candidate : candidates) {
      if (!wanted.test(candidate)) {
        continue;
      }
      Optional<Backend> backend = tryOpen(candidate, refusals);
      if (backend.isPresent()) {
        LOGGER.log(Level.INFO, "using {0}", backend.get().device().summary());
        return backend.get();
      }
    }
    List<String> reasons = new ArrayList<>(refusals.stream().map(Refusal::toString).toList());
    if (candidates.stream().noneMatch(wanted) && !candidates.isEmpty()) {
      reasons.addFirst(
          "no device has that name; there are "
              + String.join(", ", candidates.stream().map(Backends::title).toList()));
    }
    throw new DeviceUnavailableException(
        "device '"
            + selector
            + "' cannot be used: "
            + String.join("; ", reasons)
            + "; 'auto' takes the best device there is, 'cpu' needs no driver");
  }

  /**
   * Looks at every device, in the order in which {@code auto} would try them, opening each in turn
   * and running the self-test on it.
   */
  public static List<DeviceReport> survey() {
    List<Refusal> refusals = new ArrayList<>();
    List<DeviceReport> reports = new ArrayList<>();
    boolean taken = false;
    for (Candidate candidate : candidates(AUTO, refusals)) {
      List<Refusal> own = new ArrayList<>();
      Optional<Backend> opened = tryOpen(candidate, own);
      if (opened.isPresent()) {
        try (Backend backend = opened.get()) {
          reports.add(new DeviceReport(Optional.of(backend.device()), Optional.empty(), !taken));
        }
        taken = true;
      } else {
        reports.add(
            new DeviceReport(Optional.of(candidate.info()), own.stream().findFirst(), false));
      }
    }
    for (Refusal refusal : refusals) {
      reports.add(new DeviceReport(Optional.empty(), Optional.of(refusal), false));
    }
    return List.copyOf(reports);
  }

  /**
   * A device, or something that kept devices from being found.
   *
   * @param device what is known of it; empty where a library or platform is refused as a whole
   * @param refusal why it cannot be used; empty when it can
   * @param auto whether {@code auto} takes it
   */
  public record DeviceReport(
      Optional<DeviceInfo> device, Optional<Refusal> refusal, boolean auto) {}

  /** Returns the devices to choose from, best first; refusals are logged and added. */
  private static List<Candidate> candidates(String name, List<Refusal> refusals) {
    List<Candidate> all = new ArrayList<>();
    for (BackendProvider provider : providers(name)) {
      Survey survey = provider.survey();
      all.addAll(survey.candidates());
      for (Refusal refusal : survey.refusals()) {
        LOGGER.log(Level.INFO, "not used: {0}", refusal);
        refusals.add(refusal);
      }
    }
    all.sort(Comparator.comparing(candidate -> candidate.info().type()));
    return all;
  }

  /** Returns the kinds of backend that a name can mean: with {@code cpu} no driver is touched. */
  static List<BackendProvider> providers(String name) {
    List<BackendProvider> meant = new ArrayList<>();
    ClassLoader ours = Backends.class.getClassLoader();
    for (BackendProvider provider : ServiceLoader.load(BackendProvider.class, ours)) {
      boolean other =
          switch (name) {
            case "cpu" -> !provider.name().equals("cpu");
            case "opencl" -> !provider.name().equals("opencl");
            default -> name.startsWith("opencl:") && !provider.name().equals("opencl");
          };
      if (!other) {
        meant.add(provider);
      }
    }
    return meant;
  }

  private static Predicate<Candidate> wanted(String name) {
    return switch (name) {
      case "", AUTO, "cpu", "opencl" -> candidate -> true;
      default ->
          candidate ->
              candidate.info().selector().equals(name)
                  || candidate.info().name().toLowerCase(Locale.ROOT).contains(name);
    };
  }

  private static String title(Candidate candidate) {
    return candidate.info().selector() + " \"" + candidate.info().name() + "\"";
  }

  private static Optional<Backend> tryOpen(Candidate candidate, List<Refusal> refusals) {
    Refusal refusal = candidate.refusal();
    if (refusal == null) {
      try {
        return Optional.of(BackendOpening.open(candidate, PATIENCE));
      } catch (RuntimeException | LinkageError e) {
        refusal =
            new Refusal(
                candidate.info().summary(),
                String.valueOf(e.getMessage()),
                "update or reinstall its driver, or choose another device");
        LOGGER.log(Level.WARNING, "not used: " + refusal, e);
      }
    } else {
      LOGGER.log(Level.INFO, "not used: {0}", refusal);
    }
    refusals.add(refusal);
    return Optional.empty();
  }
}
