package dev.embedcl.cli;

import dev.embedcl.backend.opencl.LaunchProfile;

/**
 * What became of a profile that was tried beside the best one so far.
 *
 * @param profile what was tried
 * @param outcome what became of it
 * @param best median times of the best one so far in the same turns; zeros where nothing was timed
 * @param tried median times of this one
 * @param detail why it cannot be used; empty if it can
 */
record TuneTrial(
    LaunchProfile profile, Outcome outcome, TuneTimes best, TuneTimes tried, String detail) {

  /** What can become of a profile. */
  enum Outcome {
    /** It was faster, and is the best one now. */
    BETTER,
    /** It was not. */
    NOT_BETTER,
    /** The driver does not build or run it. */
    REFUSED,
    /** Its results have other bits than those of the pure-Java backend. */
    WRONG
  }

  /** A gain below this is noise. */
  static final double GAIN = 0.98;

  /** Makes the trial of a profile that gave the right results. */
  static TuneTrial timed(LaunchProfile profile, TuneTimes best, TuneTimes tried) {
    Outcome outcome = tried.shareOf(best) < GAIN ? Outcome.BETTER : Outcome.NOT_BETTER;
    return new TuneTrial(profile, outcome, best, tried, "");
  }

  /** Makes the trial of a profile that cannot be used. */
  static TuneTrial failed(LaunchProfile profile, Outcome outcome, String detail) {
    return new TuneTrial(profile, outcome, TuneTimes.NONE, TuneTimes.NONE, detail);
  }

  boolean isBetter() {
    return outcome == Outcome.BETTER;
  }
}
