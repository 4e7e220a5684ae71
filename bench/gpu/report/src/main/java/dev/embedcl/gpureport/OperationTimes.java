package dev.embedcl.gpureport;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.op.Accumulation;
import dev.embedcl.op.IndexGroups;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.IntConsumer;

/** Every operation at every shape: first whether it is right, then how fast it is. */
final class OperationTimes {
  /** Enough data in rotation that no cache holds it. */
  private static final long ROTATION_BYTES = 512L << 20;

  private static final int MOST_BATCHES = 8;

  /** Begins the names of operations before which the whole gradient is filled with zeros. */
  private static final String CLEARED = "clear all, ";

  private final OpenDevice device;
  private final Bandwidth bandwidth;
  private final Deadline deadline;
  private final boolean quick;
  private final List<Map<String, Object>> results = new ArrayList<>();
  private final List<Map<String, Object>> fingerprints = new ArrayList<>();
  private final List<List<String>> rows = new ArrayList<>();
  private final List<List<String>> checkRows = new ArrayList<>();
  private final List<List<String>> kernelRows = new ArrayList<>();
  private final List<BarChart.Bar> bars = new ArrayList<>();
  private final List<String> skipped = new ArrayList<>();
  private boolean allRight = true;

  OperationTimes(OpenDevice device, Bandwidth bandwidth, Deadline deadline, boolean quick) {
    this.device = device;
    this.bandwidth = bandwidth;
    this.deadline = deadline;
    this.quick = quick;
  }

  /** Runs all that fits into the device's memory and the time; returns whether all was right. */
  boolean run(ReportFolder report) throws IOException {
    report.section("Operations");
    report.put("operations", results);
    report.put("fingerprints", fingerprints);
    report.put("skipped", skipped);
    for (BatchShape shape : BatchShape.timed()) {
      if (quick && shape.outElements() > 8 << 20) {
        skipped.add(shape.name() + ": left out by --quick");
        continue;
      }
      int batches =
          Math.clamp(ROTATION_BYTES / (4 * shape.outElements()), 2, quick ? 2 : MOST_BATCHES);
      long needed = ShapeBuffers.bytes(shape, batches);
      if (needed > device.context().availableBytes()
          || 4 * shape.tableElements() > device.device().maxAllocationBytes()) {
        skipped.add(
            shape.name()
                + ": takes "
                + (needed >> 20)
                + " MiB, one buffer "
                + (4 * shape.tableElements() >> 20)
                + " MiB; the device has "
                + (device.context().availableBytes() >> 20)
                + " and "
                + (device.device().maxAllocationBytes() >> 20));
      } else if (HostData.bytes(shape)
              + ShapeBuffers.bytes(shape, 1)
              + (device.device().hostUnifiedMemory() ? needed : 0)
          > hostBytes()) {
        skipped.add(shape.name() + ": its reference does not fit into the host's free memory");
      } else if (deadline.passed()) {
        skipped.add(shape.name() + ": out of time, see --limit");
      } else {
        shape(shape, batches);
        report.flush(); // a larger shape may be too much for a driver
      }
    }
    skipped.add("bags of 65,536 x 20 in a table of 10^7 x 128: this version has no bags");
    skipped.add("bfloat16 and float16 storage, Adam: this version has neither");
    write(report);
    return allRight;
  }

  /** Returns what was measured, as it is in the record. */
  List<Map<String, Object>> results() {
    return results;
  }

  /** Returns what others compare their results with, as it is in the record. */
  List<Map<String, Object>> fingerprints() {
    return fingerprints;
  }

  /** Returns the host's memory that can be had, page cache included, as far as it is known. */
  private static long hostBytes() throws IOException {
    Path counts = Path.of("/proc/meminfo");
    if (Files.isReadable(counts)) {
      for (String line : Files.readAllLines(counts)) {
        if (line.startsWith("MemAvailable:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    }
    return Long.MAX_VALUE;
  }

  private void shape(BatchShape shape, int batches) {
    System.out.println(shape.name());
    try (Arena arena = Arena.ofShared();
        CpuBackend cpu = CpuBackend.open();
        ShapeBuffers ours = new ShapeBuffers(device.backend(), shape, batches)) {
      HostData data = HostData.of(shape, arena);
      for (IdDistribution distribution : IdDistribution.values()) {
        if (deadline.passed()) {
          skipped.add(shape.name() + ", " + distribution.title() + ": out of time, see --limit");
          continue;
        }
        List<IndexGroups> groups = new ArrayList<>();
        int[] firstIds = {};
        for (int batch = 0; batch < batches; batch++) {
          int[] ids =
              distribution.draw(shape.count(), shape.numEmbeddings(), Inputs.IDS_SEED + batch);
          ours.writeIds(batch, ids);
          groups.add(IndexGroups.of(ids, shape.numEmbeddings()));
          firstIds = batch == 0 ? ids : firstIds;
        }
        try (ShapeBuffers reference = new ShapeBuffers(cpu, shape, 1)) {
          check(
              shape, distribution, new Correctness(shape, data, ours, reference), firstIds, groups);
        }
        time(shape, distribution, ours, groups);
      }
    }
  }

  private void check(
      BatchShape shape,
      IdDistribution distribution,
      Correctness correctness,
      int[] ids,
      List<IndexGroups> groups) {
    Correctness.Fingerprints prints = correctness.run(ids, groups.getFirst());
    for (Correctness.Check check : correctness.checks()) {
      boolean right = check.difference().isEmpty();
      allRight &= right;
      checkRows.add(
          List.of(
              shape.name(),
              distribution.title(),
              check.operation(),
              right
                  ? check.operation().equals("backward, atomic") ? "within the bound" : "same bits"
                  : "WRONG: " + check.difference()));
    }
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("shape", shape.name());
    entry.put("ids", distribution.title());
    entry.put("forwardSum", prints.forwardSum());
    entry.put("samples", prints.samples());
    fingerprints.add(entry);
  }

  private void time(
      BatchShape shape, IdDistribution distribution, ShapeBuffers ours, List<IndexGroups> groups) {
    int batches = ours.batchCount();
    double unique =
        groups.stream().mapToInt(IndexGroups::uniqueRows).average().orElse(0)
            * shape.embeddingDim()
            * Float.BYTES;
    double moved = 4.0 * shape.outElements();
    double positions = 4.0 * shape.positionElements();
    double ids = 4.0 * shape.count();
    double table = 4.0 * shape.tableElements();
    time(
        shape,
        distribution,
        "forward",
        ids + 2 * moved + positions,
        run -> ours.forward(run % batches));
    time(
        shape,
        distribution,
        "backward, deterministic",
        ids + moved * (shape.positional() ? 2 : 1) + 2 * unique + 2 * positions,
        run -> ours.backward(run % batches, groups.get(run % batches), Accumulation.DETERMINISTIC));
    time(
        shape,
        distribution,
        CLEARED + "backward, deterministic",
        ids + moved * (shape.positional() ? 2 : 1) + 2 * unique + 3 * positions + table,
        run -> {
          ours.clearGradients();
          ours.backward(run % batches, groups.get(run % batches), Accumulation.DETERMINISTIC);
        });
    time(
        shape,
        distribution,
        "backward, atomic",
        ids + moved + 2 * unique + 2 * positions,
        run -> ours.backward(run % batches, null, Accumulation.ATOMIC));
    time(
        shape,
        distribution,
        "sgd step, fused",
        ids + moved * (shape.positional() ? 2 : 1) + 2 * unique + 2 * positions,
        run -> ours.sgdStep(run % batches, groups.get(run % batches)));
    if (distribution == IdDistribution.UNIFORM) {
      time(shape, distribution, "sgd step, dense", 3 * table, run -> ours.denseSgdStep());
      time(
          shape,
          distribution,
          CLEARED + "nothing else",
          table + positions,
          run -> ours.clearGradients());
    }
  }

  private void time(
      BatchShape shape,
      IdDistribution distribution,
      String operation,
      double bytes,
      IntConsumer run) {
    Timing timing =
        Timing.of(device.queue(), run, deadline.share(quick ? 300_000_000L : 600_000_000L));
    // A fill is the driver's own command, no kernel: there the wall time stands for both.
    double micros = operation.startsWith(CLEARED) ? timing.wall() : timing.kernels();
    double rate = bytes / micros / 1e3;
    double share = rate / bandwidth.copyBytesPerNano();
    Map<String, Object> entry = new LinkedHashMap<>();
    entry.put("shape", shape.name());
    entry.put("ids", distribution.title());
    entry.put("operation", operation);
    entry.put("bytes", bytes);
    entry.put("kernelMicros", timing.kernels());
    entry.put("spanMicros", timing.span());
    entry.put("wallMicros", timing.wall());
    entry.put("callMicros", timing.call());
    entry.put("runs", timing.runs());
    entry.put("gigabytesPerSecond", rate);
    entry.put("shareOfCopy", share);
    entry.put("kernels", timing.each());
    results.add(entry);
    rows.add(
        List.of(
            shape.name(),
            distribution.title(),
            operation,
            format("%.1f", bytes / 1e6),
            format("%.1f", timing.kernels()),
            format("%.0f", rate),
            format("%.0f %%", 100 * share),
            format("%.1f", timing.span()),
            format("%.1f", timing.wall()),
            format("%.1f", timing.call())));
    timing
        .each()
        .forEach((kernel, nanos) ->
            kernelRows.add(
                List.of(
                    shape.name(), distribution.title(), operation, kernel, format("%.1f", nanos))));
    bars.add(
        new BarChart.Bar(
            shape.name() + ", " + distribution.title() + ", " + operation, 100 * share));
  }

  private void write(ReportFolder report) throws IOException {
    report.put("bitIdentical", allRight);
    report.text(
        allRight
            ? "Every result below was compared before it was timed; all are right."
            : "SOME RESULTS ARE WRONG: see the checks below.");
    report.text(
        "Times in microseconds. kernels: event times, added up. GB/s and the share of the copy come"
            + " from them and from the bytes that have to move: ids, rows of the batch, rows that the"
            + " ids name (read and written, each once), positions; where the caches help, the share"
            + " can pass 100 %; where all is cleared, by the driver's fill, they come from the wall"
            + " time. span: first kernel's begin to last one's end. wall: enqueued back to"
            + " back. call: one at a time, until it is done. The queue takes event times throughout.");
    report.table(
        List.of(
            "shape",
            "ids",
            "operation",
            "MB",
            "kernels",
            "GB/s",
            "of copy",
            "span",
            "wall",
            "call"),
        rows);
    report.chart("operations.svg", new BarChart("Share of the copy bandwidth", "%", 100, bars));
    report.text("By kernel, microseconds:");
    report.table(List.of("shape", "ids", "operation", "kernel", "time"), kernelRows);
    report.section("Bits compared with pure Java");
    report.table(List.of("shape", "ids", "operation", "result"), checkRows);
    report.section("Not measured");
    report.verbatim(String.join("\n", skipped));
  }

  private static String format(String format, double value) {
    return String.format(Locale.ROOT, format, value);
  }
}
