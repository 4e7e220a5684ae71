package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.OpenClException;
import dev.embedcl.opencl.Queue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * The measurements of {@code tune}. Two profiles are timed in turns, so that what else the machine
 * does falls on both; a profile is timed only after its results had the bits of the pure-Java
 * backend's.
 */
final class TuneRun {
  private static final int MOST_TRIALS = 40;

  /** A trial takes this share of the time, beside what its programs take to build. */
  private static final double TRIAL_SHARE = 1 / 40.0;

  /** The start and the best are compared once more at the end. */
  private static final double FINAL_SHARE = 0.1;

  private static final int FEWEST_TURNS = 3;

  private final TuneProblem problem;
  private final long trialNanos;

  private TuneRun(TuneProblem problem, long trialNanos) {
    this.problem = problem;
    this.trialNanos = trialNanos;
  }

  /**
   * What was found.
   *
   * @param start the profile that was in use
   * @param best the best one
   * @param trials how many were tried
   * @param last the best beside the start, once more; empty where nothing is better
   */
  record Result(LaunchProfile start, LaunchProfile best, int trials, Optional<TuneTrial> last) {
    /** Whether there is something to keep. */
    boolean isBetter() {
      return last.filter(TuneTrial::isBetter).isPresent();
    }
  }

  /**
   * Looks for the best profile of a device.
   *
   * @param report is told of each trial
   * @throws CommandFailure if the profile in use gives wrong results
   */
  static Result search(Device device, TuneRequest request, Consumer<TuneTrial> report) {
    long budget = (long) (request.seconds() * TimeUnit.SECONDS.toNanos(1));
    try (OpenClBackend backend = open(device);
        Backend java = Backends.open("cpu");
        TuneProblem problem = new TuneProblem(backend, java, request)) {
      LaunchProfile start = backend.profile();
      requireRight(problem, start, device);
      // What was drawn and compiled until here does not count: it is the same for any time.
      long deadline = System.nanoTime() + (long) (budget * (1 - FINAL_SHARE));
      TuneRun run = new TuneRun(problem, (long) (budget * TRIAL_SHARE));
      TuneSearch search =
          new TuneSearch(
              start,
              knob -> knob.values(device),
              run::attempt,
              () -> System.nanoTime() < deadline,
              MOST_TRIALS,
              report);
      LaunchProfile best = search.run();
      Optional<TuneTrial> last =
          best.equals(start)
              ? Optional.empty()
              : Optional.of(run.time(start, best, (long) (budget * FINAL_SHARE)));
      return new Result(start, best, search.trials(), last);
    }
  }

  /** Opens a device anew, with a queue that tells how long kernels run. */
  private static OpenClBackend open(Device device) {
    Context context = Context.open(device);
    try {
      return OpenClBackend.wrap(context, Queue.open(context, true));
    } catch (RuntimeException | Error e) {
      context.close();
      throw e;
    }
  }

  private static void requireRight(TuneProblem problem, LaunchProfile start, Device device) {
    problem
        .check(start)
        .ifPresent(wrong -> {
          throw new CommandFailure(
              device.name()
                  + ": computes wrong results ("
                  + wrong
                  + "): update its driver, or use --device cpu");
        });
  }

  private TuneTrial attempt(LaunchProfile best, LaunchProfile candidate) {
    try {
      Optional<String> wrong = problem.check(candidate);
      if (wrong.isEmpty()) {
        return time(best, candidate, trialNanos);
      }
      problem.restore();
      return TuneTrial.failed(candidate, TuneTrial.Outcome.WRONG, wrong.get());
    } catch (OpenClException e) {
      problem.restore();
      return TuneTrial.failed(candidate, TuneTrial.Outcome.REFUSED, String.valueOf(e.getMessage()));
    }
  }

  private TuneTrial time(LaunchProfile best, LaunchProfile candidate, long nanos) {
    // Once uncounted: what the first launches of a program do is done once.
    problem.sample(best);
    problem.sample(candidate);
    List<TuneTimes> bestTimes = new ArrayList<>();
    List<TuneTimes> candidateTimes = new ArrayList<>();
    long start = System.nanoTime();
    while (bestTimes.size() < FEWEST_TURNS || System.nanoTime() - start < nanos) {
      bestTimes.add(problem.sample(best));
      candidateTimes.add(problem.sample(candidate));
    }
    return TuneTrial.timed(
        candidate, TuneTimes.medians(bestTimes), TuneTimes.medians(candidateTimes));
  }
}
