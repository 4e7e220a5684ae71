package dev.embedcl.cli;

import dev.embedcl.backend.opencl.LaunchProfile;
import java.io.PrintWriter;
import java.util.Locale;

/** Prints what {@code tune} tries, a line for each profile as soon as it is known. */
final class TuneTable {
  private final PrintWriter out;

  TuneTable(PrintWriter out) {
    this.out = out;
  }

  /** Prints the headings, and the profile that others are tried beside. */
  void begin(LaunchProfile start) {
    StringBuilder titles = new StringBuilder();
    for (TuneKnob knob : TuneKnob.values()) {
      titles.append(knob.title()).append("  ");
    }
    titles.append(format("%12s  %12s  %12s  %8s", "forward", "backward", "step", "of best"));
    print(titles.toString());
    print(numbers(start) + "(in use)");
  }

  /** Prints what became of a profile. */
  void add(TuneTrial trial) {
    String numbers = numbers(trial.profile());
    print(
        switch (trial.outcome()) {
          case BETTER -> numbers + times(trial) + "  taken";
          case NOT_BETTER -> numbers + times(trial);
          case REFUSED -> numbers + "refused: " + ErrorReport.oneLine(trial.detail());
          case WRONG -> numbers + "not used: " + trial.detail();
        });
  }

  private void print(String line) {
    out.println(line);
    out.flush(); // a trial takes seconds
  }

  private static String numbers(LaunchProfile profile) {
    StringBuilder numbers = new StringBuilder();
    for (TuneKnob knob : TuneKnob.values()) {
      String number = knob.words(profile);
      numbers.repeat(' ', knob.title().length() - number.length()).append(number).append("  ");
    }
    return numbers.toString();
  }

  private static String times(TuneTrial trial) {
    return format(
        "%9.1f µs  %9.1f µs  %9.1f µs  %6.1f %%",
        trial.tried().forward() / 1e3,
        trial.tried().backward() / 1e3,
        trial.tried().step() / 1e3,
        100 * trial.tried().shareOf(trial.best()));
  }

  @SuppressWarnings("AnnotateFormatMethod") // its annotation would be a dependency of its own
  static String format(String template, Object... values) {
    return String.format(Locale.ROOT, template, values);
  }
}
