package dev.embedcl.cli;

import dev.embedcl.backend.opencl.LaunchProfile;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * Looks for a better profile: changes one number at a time, in rounds for as long as a round finds
 * something better, then two at a time. No profile is tried twice.
 */
final class TuneSearch {
  private final Function<TuneKnob, List<Long>> values;
  private final Trier trier;
  private final BooleanSupplier timeIsLeft;
  private final Consumer<TuneTrial> report;
  private final int most;
  private final Set<LaunchProfile> tried = new HashSet<>();
  private LaunchProfile best;
  private int trials;

  /** Tries a profile beside the best one so far. */
  interface Trier {
    TuneTrial attempt(LaunchProfile best, LaunchProfile candidate);
  }

  /**
   * Prepares a search.
   *
   * @param values what each number may be
   * @param most how many profiles are tried at most
   * @param report is told of each trial
   */
  TuneSearch(
      LaunchProfile start,
      Function<TuneKnob, List<Long>> values,
      Trier trier,
      BooleanSupplier timeIsLeft,
      int most,
      Consumer<TuneTrial> report) {
    this.best = start;
    this.values = values;
    this.trier = trier;
    this.timeIsLeft = timeIsLeft;
    this.most = most;
    this.report = report;
    tried.add(start);
  }

  /** Searches, and returns the best profile. */
  LaunchProfile run() {
    boolean found = true;
    while (found && goesOn()) {
      found = changeOne();
    }
    changeTwo();
    return best;
  }

  /** Returns how many profiles were tried. */
  int trials() {
    return trials;
  }

  private boolean changeOne() {
    boolean found = false;
    for (TuneKnob knob : TuneKnob.values()) {
      for (long value : values.apply(knob)) {
        found |= attempt(knob.with(best, value));
      }
    }
    return found;
  }

  private void changeTwo() {
    for (TuneKnob first : TuneKnob.values()) {
      for (TuneKnob second : TuneKnob.values()) {
        if (first.compareTo(second) < 0) {
          for (long one : values.apply(first)) {
            for (long other : values.apply(second)) {
              attempt(second.with(first.with(best, one), other));
            }
          }
        }
      }
    }
  }

  private boolean attempt(LaunchProfile candidate) {
    if (!goesOn() || !tried.add(candidate)) {
      return false;
    }
    trials++;
    TuneTrial trial = trier.attempt(best, candidate);
    report.accept(trial);
    if (trial.isBetter()) {
      best = candidate;
    }
    return trial.isBetter();
  }

  private boolean goesOn() {
    return trials < most && timeIsLeft.getAsBoolean();
  }
}
