package dev.embedcl.cli;

import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * Times on the device, of all kernels that an operation takes.
 *
 * @param forward nanoseconds of a forward pass
 * @param backward of a backward pass to dense gradients
 * @param step of a fused SGD step
 */
record TuneTimes(double forward, double backward, double step) {
  static final TuneTimes NONE = new TuneTimes(0, 0, 0);

  /** Returns the geometric mean of the three shares: each operation counts alike. */
  double shareOf(TuneTimes other) {
    return Math.cbrt(forward / other.forward * (backward / other.backward) * (step / other.step));
  }

  /** Returns the medians, each for itself. */
  static TuneTimes medians(List<TuneTimes> samples) {
    return new TuneTimes(
        median(samples, TuneTimes::forward),
        median(samples, TuneTimes::backward),
        median(samples, TuneTimes::step));
  }

  private static double median(List<TuneTimes> samples, ToDoubleFunction<TuneTimes> part) {
    double[] sorted = samples.stream().mapToDouble(part).sorted().toArray();
    int last = sorted.length - 1;
    return Arrays.stream(sorted, last / 2, sorted.length / 2 + 1).average().orElseThrow();
  }
}
