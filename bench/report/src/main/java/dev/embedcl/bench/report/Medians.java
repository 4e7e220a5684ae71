package dev.embedcl.bench.report;

import java.util.Collection;

/** The middle of some values. */
final class Medians {

  private Medians() {}

  /** Returns the median, the mean of the two middle ones of an even number; NaN of none. */
  static double of(Collection<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}
