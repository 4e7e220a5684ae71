package dev.embedcl.gpureport;

import dev.embedcl.opencl.Event;
import dev.embedcl.opencl.Queue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * How long an operation takes, in microseconds.
 *
 * @param kernels its kernels by event times, added up; median of {@code runs}
 * @param span from the first kernel's begin to the last one's end by event times; median
 * @param wall by the host's clock, enqueued back to back and waited for at the end; mean
 * @param call by the host's clock, from the call until it is done, one at a time; median
 * @param runs how often each was done
 * @param each the median of each kernel
 */
record Timing(
    double kernels, double span, double wall, double call, int runs, Map<String, Double> each) {
  private static final int WARM_UP = 3;
  private static final int MOST_RUNS = 60;
  private static final int FEWEST_RUNS = 5;

  /**
   * Times an operation.
   *
   * @param run enqueues it; its argument counts the runs, to rotate among input sets
   * @param limitNanos about how long each of the three measurements may take
   */
  static Timing of(Queue queue, IntConsumer run, long limitNanos) {
    long start = System.nanoTime();
    for (int i = 0; i < WARM_UP; i++) {
      run.accept(i);
      queue.finish();
      if (i == 0) {
        start = System.nanoTime(); // the first one compiles
      }
    }
    long once = (System.nanoTime() - start) / (WARM_UP - 1) + 1;
    int runs = Math.clamp(limitNanos / once, FEWEST_RUNS, MOST_RUNS);

    List<List<Launch>> launches = new ArrayList<>();
    queue.observeLaunches((kernel, event) -> launches.getLast().add(new Launch(kernel, event)));
    try {
      for (int i = 0; i < runs; i++) {
        launches.add(new ArrayList<>());
        run.accept(i);
      }
      queue.finish();
    } finally {
      queue.observeLaunches(null);
    }
    List<Double> sums = new ArrayList<>();
    List<Double> spans = new ArrayList<>();
    Map<String, List<Double>> each = new LinkedHashMap<>();
    for (List<Launch> one : launches) {
      double sum = 0;
      for (Launch launch : one) {
        double nanos = launch.event().durationNanos();
        sum += nanos;
        each.computeIfAbsent(launch.kernel(), name -> new ArrayList<>()).add(nanos);
      }
      sums.add(sum);
      spans.add(
          one.isEmpty()
              ? 0.0
              : (double) one.getLast().event().endNanos() - one.getFirst().event().startNanos());
      one.forEach(launch -> launch.event().close());
    }

    start = System.nanoTime();
    for (int i = 0; i < runs; i++) {
      run.accept(i);
    }
    queue.finish();
    double wall = (double) (System.nanoTime() - start) / runs;

    List<Double> calls = new ArrayList<>();
    for (int i = 0; i < runs; i++) {
      start = System.nanoTime();
      run.accept(i);
      queue.finish();
      calls.add((double) (System.nanoTime() - start));
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    each.forEach((kernel, nanos) -> medians.put(kernel, median(nanos) / 1e3));
    return new Timing(
        median(sums) / 1e3, median(spans) / 1e3, wall / 1e3, median(calls) / 1e3, runs, medians);
  }

  /** Returns about how long {@link #of} takes for an operation that takes so many nanoseconds. */
  static double nanos(double once, long limitNanos) {
    double runs = Math.clamp(limitNanos / once, FEWEST_RUNS, MOST_RUNS);
    return once * (WARM_UP + 3 * runs);
  }

  private record Launch(String kernel, Event event) {}

  static double median(List<Double> values) {
    List<Double> sorted = values.stream().sorted().toList();
    int middle = sorted.size() / 2;
    return sorted.size() % 2 == 1
        ? sorted.get(middle)
        : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
  }
}
