package dev.embedcl.cli;

/**
 * What was measured of one operation.
 *
 * @param operation what ran
 * @param input what kind of input it ran on; empty where there is but one
 * @param bytes that it cannot avoid to read or write, each once
 * @param nanos median time of a call
 */
record BenchRow(String operation, String input, long bytes, double nanos) {

  /** Returns operation and input. */
  String name() {
    return input.isEmpty() ? operation : operation + ", " + input;
  }

  /** Returns 10⁹ bytes per second. */
  double gigabytesPerSecond() {
    return bytes / nanos;
  }

  /** Returns the speed as a share of another's. */
  double shareOf(BenchRow yardstick) {
    return gigabytesPerSecond() / yardstick.gigabytesPerSecond();
  }
}
