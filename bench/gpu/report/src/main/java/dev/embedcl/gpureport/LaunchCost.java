package dev.embedcl.gpureport;

import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.memory.DType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a small batch costs, from the call until the result is there; on a queue without event
 * times.
 */
final class LaunchCost {
  /** What the target of 15 microseconds is about. */
  static final String FORWARD = "forward, result on the device";

  private static final int WARM_UP = 2000;
  private static final int RUNS = 2000;

  private LaunchCost() {}

  /** Returns the medians, in microseconds. */
  static Map<String, Double> measure(OpenDevice device, ReportFolder report) throws IOException {
    report.section("A small batch, " + BatchShape.TINY.name());
    BatchShape shape = BatchShape.TINY;
    Map<String, Double> json = new LinkedHashMap<>();
    List<List<String>> rows = new ArrayList<>();
    Batch batch = Batch.draw(shape, IdDistribution.UNIFORM, 0);
    try (Arena arena = Arena.ofShared();
        OpenClBackend backend = OpenClBackend.open(device.device());
        Tables tables =
            new Tables(
                backend,
                new Problem(shape, DType.FLOAT32),
                shape.numEmbeddings(),
                List.of(batch))) {
      tables.reset(row -> row);
      MemorySegment out = arena.allocate(shape.outElements() * Float.BYTES, 64);
      Map<String, Runnable> works = new LinkedHashMap<>();
      works.put(
          FORWARD,
          () -> {
            tables.forward(0);
            backend.queue().finish();
          });
      works.put(
          "forward, ids checked (synchronize)",
          () -> {
            tables.forward(0);
            backend.synchronize();
          });
      works.put(
          "forward, ids written, result read",
          () -> {
            tables.writeIds(0, batch);
            tables.forward(0);
            tables.result(Part.OUT).read(0, out);
          });
      works.put(
          "sgd step, fused",
          () -> {
            tables.step(0, Trained.Rule.SGD);
            backend.queue().finish();
          });
      works.put("an empty queue's finish", () -> backend.queue().finish());
      works.forEach((name, work) -> rows.add(row(name, work, json)));
    }
    report.table(List.of("microseconds", "median", "fastest tenth", "slowest hundredth"), rows);
    report.put("launchMicros", json);
    return json;
  }

  private static List<String> row(String name, Runnable work, Map<String, Double> json) {
    for (int run = 0; run < WARM_UP; run++) {
      work.run();
    }
    List<Double> micros = new ArrayList<>();
    for (int run = 0; run < RUNS; run++) {
      long start = System.nanoTime();
      work.run();
      micros.add((System.nanoTime() - start) / 1e3);
    }
    Collections.sort(micros);
    json.put(name, micros.get(RUNS / 2));
    return List.of(
        name, at(micros, RUNS / 2), at(micros, RUNS / 10), at(micros, RUNS - RUNS / 100));
  }

  private static String at(List<Double> sorted, int index) {
    return String.format(Locale.ROOT, "%.1f", sorted.get(index));
  }
}
