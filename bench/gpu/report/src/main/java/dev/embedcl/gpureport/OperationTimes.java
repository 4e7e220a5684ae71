package dev.embedcl.gpureport;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.opencl.DeviceMemoryException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Every operation of every problem: first whether it is right, then how fast it is. */
final class OperationTimes {
  /** Enough data in rotation that no cache holds it. */
  private static final long ROTATION_BYTES = 512L << 20;

  private static final int MOST_BATCHES = 8;

  private final OpenDevice device;
  private final Bandwidth bandwidth;
  private final Deadline deadline;
  private final boolean quick;
  private final Findings findings;

  OperationTimes(
      OpenDevice device, Bandwidth bandwidth, Deadline deadline, boolean quick, Findings findings) {
    this.findings = findings;
    this.device = device;
    this.bandwidth = bandwidth;
    this.deadline = deadline;
    this.quick = quick;
  }

  /** Measures all that fits into the device's memory and the time. */
  void run(List<Problem> problems, ReportFolder report) throws IOException {
    findings.announce(report);
    for (Problem problem : problems) {
      for (IdDistribution ids : IdDistribution.values()) {
        String reason = reasonToSkip(problem);
        if (!reason.isEmpty()) {
          findings.skip(problem.title(ids), reason);
          continue;
        }
        System.out.println(problem.title(ids));
        try {
          measure(problem, ids);
        } catch (RuntimeException | OutOfMemoryError e) { // the next one may well work
          failed(problem.title(ids), e);
        }
        report.flush(); // a larger shape may be too much for a driver
      }
    }
  }

  /** About how long each of an operation's three measurements takes. */
  private long limitNanos() {
    return quick ? 100_000_000L : 300_000_000L;
  }

  private int batches(BatchShape shape) {
    long most = quick ? 2 : MOST_BATCHES;
    return (int) Math.clamp(ROTATION_BYTES / (4 * shape.lookedUpElements()), 2, most);
  }

  private String reasonToSkip(Problem problem) throws IOException {
    int batches = batches(problem.shape());
    String tooLarge = Room.missing(device.device(), device.context(), problem, batches);
    if (!tooLarge.isEmpty()) {
      return tooLarge;
    }
    int processors = Runtime.getRuntime().availableProcessors();
    double seconds = Cost.nanos(problem, bandwidth, batches, limitNanos(), processors) / 1e9;
    double left = deadline.remainingNanos() / 1e9;
    return seconds <= left
        ? ""
        : "takes about %.0f s, of which %.0f are left: see --limit".formatted(seconds, left);
  }

  private void measure(Problem problem, IdDistribution ids) {
    List<Batch> batches = new ArrayList<>();
    for (int k = 0; k < batches(problem.shape()); k++) {
      batches.add(Batch.draw(problem.shape(), ids, k));
    }
    try (CpuBackend java = CpuBackend.open();
        Tables tables =
            new Tables(device.backend(), problem, problem.shape().numEmbeddings(), batches)) {
      List<Work> right = check(problem, ids, batches, tables, java);
      time(problem, ids, batches, tables, right);
    }
  }

  /** Returns the operations that gave the right results. */
  private List<Work> check(
      Problem problem, IdDistribution ids, List<Batch> batches, Tables tables, CpuBackend java) {
    List<Work> right = new ArrayList<>();
    Map<String, List<Double>> samples = new LinkedHashMap<>();
    Long sum = null;
    boolean inStep = true; // as long as nobody left out a step that others take
    try (Correctness correctness = new Correctness(problem, batches.getFirst(), tables, java)) {
      correctness.reset();
      for (Work work : Work.of(problem)) {
        if (deadline.passed()) {
          findings.skip(problem.title(ids) + ", " + work.title(), "out of time, see --limit");
          continue;
        }
        try {
          String difference = correctness.check(work);
          findings.checked(problem, ids, work, difference);
          if (difference.isEmpty()) {
            right.add(work);
            if (inStep) {
              samples.put(work.title(), correctness.samples(work));
            }
            if (work.changes().contains(Part.OUT) && sum == null) {
              sum = correctness.sumOfBits();
            }
            continue;
          }
        } catch (RuntimeException | OutOfMemoryError e) {
          failed(problem.title(ids) + ", " + work.title(), e);
        }
        inStep = false;
        correctness.reset();
      }
    }
    findings.fingerprint(problem, ids, sum, samples);
    return right;
  }

  private void time(
      Problem problem, IdDistribution ids, List<Batch> batches, Tables tables, List<Work> works) {
    Bytes bytes = Bytes.of(problem, batches);
    double grouping = batches.getFirst().groupingMicros(problem.shape());
    for (Work work : works) {
      if (deadline.passed()) {
        findings.skip(problem.title(ids) + ", " + work.title(), "out of time, see --limit");
        continue;
      }
      try {
        tables.prepare(work);
        Timing timing =
            Timing.of(
                device.queue(),
                run -> work.run(tables, run % tables.batchCount()),
                deadline.share(limitNanos()));
        double micros = work.isGrouped() ? grouping : 0;
        findings.timed(
            new Result(
                problem,
                ids,
                work,
                work.bytes(bytes),
                timing,
                micros,
                bandwidth.copyBytesPerNano()));
      } catch (RuntimeException | OutOfMemoryError e) {
        failed(problem.title(ids) + ", " + work.title(), e);
      }
    }
  }

  /** What does not fit was not measured; anything else should not have happened. */
  private void failed(String what, Throwable cause) {
    boolean tooLarge =
        cause instanceof OutOfMemoryError
            || cause instanceof DeviceMemoryException
            || cause instanceof dev.embedcl.backend.DeviceMemoryException;
    if (tooLarge) {
      findings.skip(what, String.valueOf(cause.getMessage()));
    } else {
      cause.printStackTrace(System.out);
      findings.fail(what, cause.toString());
    }
  }
}
