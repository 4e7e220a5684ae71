package dev.embedcl.cli;

import java.util.Arrays;

/**
 * Times calls that may only enqueue work: several calls, then one wait, so that a device is kept
 * busy as a program keeps it.
 */
final class BenchTimer {
  /** A sample lasts this long at least: far beyond the clock's grain and one wait. */
  private static final long SAMPLE_NANOS = 20_000_000;

  private static final int MIN_SAMPLES = 5;
  private static final int MAX_CALLS_PER_SAMPLE = 1 << 14;

  private final long budgetNanos;

  BenchTimer(double secondsPerRow) {
    this.budgetNanos = (long) (secondsPerRow * 1e9);
  }

  /** Does one call; the number tells which of several inputs to take. */
  interface Call {
    void run(int number);
  }

  /**
   * Returns the median time of a call in nanoseconds. A third of the time goes into calls that are
   * not counted, in which drivers and virtual machines compile.
   */
  double median(Call call, Runnable await) {
    int calls = 1;
    long start = System.nanoTime();
    int number = 0;
    while (System.nanoTime() - start < budgetNanos / 3) {
      long nanos = sample(call, await, number, calls);
      number += calls;
      if (nanos < SAMPLE_NANOS && calls < MAX_CALLS_PER_SAMPLE) {
        calls *= 2;
      }
    }
    double[] samples = new double[16];
    int count = 0;
    start = System.nanoTime();
    while (count < MIN_SAMPLES || System.nanoTime() - start < budgetNanos * 2 / 3) {
      if (count == samples.length) {
        samples = Arrays.copyOf(samples, 2 * count);
      }
      samples[count++] = sample(call, await, number, calls) / (double) calls;
      number += calls;
    }
    Arrays.sort(samples, 0, count);
    return (samples[(count - 1) / 2] + samples[count / 2]) / 2;
  }

  private static long sample(Call call, Runnable await, int first, int calls) {
    long start = System.nanoTime();
    for (int i = 0; i < calls; i++) {
      call.run(first + i);
    }
    await.run();
    return System.nanoTime() - start;
  }
}
