package dev.embedcl.bench.report;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Medians over rounds. A ratio is formed inside each round, of what was measured within minutes,
 * and the median is taken of the ratios.
 */
final class Comparison {

  /**
   * One row, or one variant of it, for one kind of ids and one number of threads.
   *
   * @param row the row
   * @param variant the variant; empty where the row has none
   * @param ids how ids were drawn
   * @param threads threads of one call
   */
  record Case(Row row, String variant, String ids, int threads) {
    static Case of(Measurement m) {
      return new Case(m.row(), m.variant(), m.ids(), m.threads());
    }

    String title() {
      return variant.isEmpty() ? row.title : row.title + ": " + variant;
    }
  }

  /** One way to do it, in all rounds. */
  record Way(Case in, Subject subject, String name, List<Measurement> rounds) {
    double micros() {
      return median(Measurement::micros);
    }

    double gigabytesPerSecond() {
      return median(Measurement::gigabytesPerSecond);
    }

    /** Returns the bytes that one call allocates on the Java heap. */
    double heapBytes() {
      return median(Measurement::heapBytes);
    }

    /** Returns the bytes that one call cannot avoid, in 10⁶. */
    double megabytes() {
      return median(m -> m.micros() * m.gigabytesPerSecond() * 1e-3);
    }

    boolean isOpenCl() {
      return name.endsWith(" opencl");
    }

    private double median(ToDoubleFunction<Measurement> value) {
      return Medians.of(rounds.stream().mapToDouble(value).boxed().toList());
    }
  }

  /** A copy of memory that others are compared with. */
  enum Copy {
    MIB_24("24 MiB", "oneThread25165824", "twoThreads25165824"),
    SLICES("slices", "slicesOneThread", "slicesTwoThreads"),
    GIB_1("1 GiB", "oneThread1073741824", "twoThreads1073741824");

    final String title;
    private final String oneThread;
    private final String twoThreads;

    Copy(String title, String oneThread, String twoThreads) {
      this.title = title;
      this.oneThread = oneThread;
      this.twoThreads = twoThreads;
    }
  }

  private final List<Measurement> measurements;
  private final Map<Case, List<Way>> ways = new LinkedHashMap<>();

  Comparison(List<Measurement> measurements) {
    this.measurements = measurements;
    measurements.stream()
        .filter(m -> m.subject() != Subject.COPIES)
        .sorted(
            Comparator.comparing(Measurement::row)
                .thenComparing(Measurement::ids)
                .thenComparing(Measurement::threads)
                .thenComparing(Measurement::subject)
                .thenComparing(Measurement::way))
        .collect(
            Collectors.groupingBy(
                m -> List.of(Case.of(m), m.subject(), m.way()),
                LinkedHashMap::new,
                Collectors.toList()))
        .values()
        .forEach(this::addWay);
  }

  private void addWay(List<Measurement> rounds) {
    Measurement first = rounds.getFirst();
    Case in = Case.of(first);
    ways.computeIfAbsent(in, c -> new ArrayList<>())
        .add(new Way(in, first.subject(), first.way(), rounds));
  }

  /** Returns the cases in the order of the rows. */
  List<Case> cases() {
    return List.copyOf(ways.keySet());
  }

  /** Returns all ways of a case, subject after subject. */
  List<Way> ways(Case in) {
    return ways.getOrDefault(in, List.of());
  }

  /** Returns the same way in the first variant of its row; empty for the first itself. */
  Optional<Way> firstVariant(Way way) {
    Case in = way.in();
    return cases().stream()
        .filter(c -> c.row() == in.row() && c.ids().equals(in.ids()))
        .filter(c -> c.threads() == in.threads())
        .findFirst()
        .filter(c -> !c.equals(in))
        .flatMap(first ->
            fastest(
                first,
                other -> other.subject() == way.subject() && other.name().equals(way.name())));
  }

  /** Returns the fastest way in pure Java. */
  Optional<Way> ours(Case in) {
    return fastest(in, way -> way.subject() == Subject.OURS && !way.isOpenCl());
  }

  /** Returns the fastest way through OpenCL. */
  Optional<Way> openCl(Case in) {
    return fastest(in, Way::isOpenCl);
  }

  /** Returns the fastest way of the best peer, with huge pages or without. */
  Optional<Way> bestPeer(Case in) {
    return fastest(in, way -> way.subject().isPeer());
  }

  /** Returns a peer's fastest way, with huge pages or without. */
  Optional<Way> bestPeer(Case in, String product) {
    return fastest(in, way -> way.subject().product().equals(product));
  }

  /** Returns a subject's fastest way. */
  Optional<Way> fastest(Case in, Predicate<Way> which) {
    return ways(in).stream().filter(which).min(Comparator.comparingDouble(Way::micros));
  }

  /** Returns how many times as long the other takes; NaN if they share no round. */
  static double timesAsFast(Way way, Way other) {
    return overRounds(way.rounds(), other.rounds(), (a, b) -> b.micros() / a.micros());
  }

  /** Returns the bytes per second over those of a copy on as many threads, measured just before. */
  double share(Way way, Copy copy) {
    return overRounds(
        way.rounds(),
        copies(copy, way.in()),
        (a, b) -> a.gigabytesPerSecond() / b.gigabytesPerSecond());
  }

  /** Returns what a copy reached over all rounds and rows, in 10⁹ bytes per second. */
  double gigabytesPerSecond(Copy copy, int threads) {
    return Medians.of(
        measurements.stream()
            .filter(m -> isCopy(m, copy, threads))
            .map(Measurement::gigabytesPerSecond)
            .toList());
  }

  private List<Measurement> copies(Copy copy, Case in) {
    return measurements.stream()
        .filter(m -> m.row() == in.row() && isCopy(m, copy, in.threads()))
        .toList();
  }

  private static boolean isCopy(Measurement m, Copy copy, int threads) {
    return m.subject() == Subject.COPIES
        && m.way().equals(threads == 1 ? copy.oneThread : copy.twoThreads);
  }

  private interface Ratio {
    double of(Measurement a, Measurement b);
  }

  private static double overRounds(List<Measurement> as, List<Measurement> bs, Ratio ratio) {
    List<Double> ratios = new ArrayList<>();
    for (Measurement a : as) {
      for (Measurement b : bs) {
        if (a.round() == b.round()) {
          ratios.add(ratio.of(a, b));
        }
      }
    }
    return Medians.of(ratios);
  }
}
