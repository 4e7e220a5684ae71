package dev.embedcl.gpureport;

/** When the report has to be done. */
record Deadline(long endNanos) {

  static Deadline in(long seconds) {
    return new Deadline(System.nanoTime() + seconds * 1_000_000_000L);
  }

  boolean passed() {
    return remainingNanos() <= 0;
  }

  long remainingNanos() {
    return endNanos - System.nanoTime();
  }

  /** Returns what a measurement may take: this much, or a small part of what is left. */
  long share(long wantedNanos) {
    return Math.clamp(remainingNanos() / 64, 10_000_000L, wantedNanos);
  }
}
