package dev.embedcl.gpureport;

/** About how long a problem takes to be set up, checked and timed, from bytes and counts. */
final class Cost {
  /** Numbers of the start values that a processor makes in a nanosecond. */
  private static final double NUMBERS_PER_NANO = 0.3;

  /** What pure Java moves in a nanosecond on many processors, new memory included. */
  private static final double JAVA_BYTES_PER_NANO = 3;

  private Cost() {}

  /**
   * Returns the nanoseconds that one problem with one distribution of ids takes.
   *
   * @param limitNanos what {@link Timing} is given
   * @param processors of the host
   */
  static double nanos(
      Problem problem, Bandwidth bandwidth, int batches, long limitNanos, int processors) {
    BatchShape shape = problem.shape();
    double numbers = NUMBERS_PER_NANO * processors;
    double batchRows = Math.min(shape.count(), shape.numEmbeddings());
    double start =
        problem.tableBytes() / bandwidth.hostToDevice()
            + shape.tableElements() / numbers
            + batches * (problem.batchBytes() / bandwidth.hostToDevice() + 100.0 * shape.count());
    double all = start;
    for (Work work : Work.of(problem)) {
      for (Part part : work.changes()) {
        double bytes =
            switch (part) {
              case WEIGHT -> problem.tableBytes();
              case GRADIENT, FIRST, SECOND -> problem.stateBytes();
              case ROW_STATE -> 4.0 * shape.numEmbeddings();
              default -> problem.batchBytes();
            };
        all += bytes / bandwidth.deviceToHost();
        all += part == Part.WEIGHT ? shape.tableElements() / numbers : 0;
      }
      all += batchRows * shape.embeddingDim() * 4 * 8 / JAVA_BYTES_PER_NANO / processors;
      all += Timing.nanos(longestRun(problem, work, bandwidth), limitNanos);
    }
    return all;
  }

  /** An operation that sweeps the table moves up to nine times its size. */
  private static double longestRun(Problem problem, Work work, Bandwidth bandwidth) {
    boolean dense = work.fills() || work == Work.SGD_DENSE;
    double bytes = dense ? 9.0 * problem.stateBytes() : 8.0 * problem.batchBytes();
    return bytes / bandwidth.copyBytesPerNano();
  }
}
