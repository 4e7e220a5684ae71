package dev.embedcl.bench.report;

import java.util.List;

/** How much time each measurement takes. */
enum Pace {
  /** For figures that are quoted: three rounds. */
  FULL(3, "5", "4"),
  /** All rows in one round. */
  BRIEF(1, "4", "2"),
  /** Ours in three minutes. */
  QUICK(1, "3", "2");

  /** Rounds, unless another number is asked for. */
  final int rounds;

  private final String iterations;
  private final String warmupsOfJava;

  Pace(int rounds, String iterations, String warmupsOfJava) {
    this.rounds = rounds;
    this.iterations = iterations;
    this.warmupsOfJava = warmupsOfJava;
  }

  /**
   * Returns JMH's arguments for forks, iterations and times.
   *
   * @param compiles whether it matters that loops in Java are slow until they are compiled, which
   *     takes a second or two
   */
  List<String> settings(boolean compiles) {
    return List.of(
        "-f",
        "1",
        "-i",
        iterations,
        "-r",
        this == QUICK ? "200ms" : "300ms",
        "-wi",
        compiles ? warmupsOfJava : "1",
        "-w",
        compiles ? "1s" : "300ms");
  }

  /** Returns JMH's arguments for the first call of each of some processes. */
  List<String> settingsOfFirstCalls() {
    return List.of("-bm", "ss", "-wi", "0", "-i", "1", "-f", iterations);
  }

  /** Returns the values of a parameter that are measured. */
  String values(String parameter, String all) {
    return this == QUICK && parameter.equals("ids") ? "uniform" : all;
  }

  /** Returns the sizes of the copies. */
  String copies() {
    return this == QUICK ? "25165824" : "25165824,1073741824";
  }
}
