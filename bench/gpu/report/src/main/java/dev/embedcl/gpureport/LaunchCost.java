package dev.embedcl.gpureport;

import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.op.IndexGroups;
import java.io.IOException;
import java.lang.foreign.Arena;
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
  private static final int WARM_UP = 2000;
  private static final int RUNS = 2000;

  private LaunchCost() {}

  static void measure(OpenDevice device, ReportFolder report) throws IOException {
    report.section("A small batch, " + BatchShape.TINY.name());
    BatchShape shape = BatchShape.TINY;
    Map<String, Object> json = new LinkedHashMap<>();
    List<List<String>> rows = new ArrayList<>();
    try (Arena arena = Arena.ofShared();
        OpenClBackend backend = OpenClBackend.open(device.device());
        ShapeBuffers buffers = new ShapeBuffers(backend, shape, 1)) {
      HostData data = HostData.of(shape, arena);
      buffers.reset(data);
      int[] ids =
          IdDistribution.UNIFORM.draw(shape.count(), shape.numEmbeddings(), Inputs.IDS_SEED);
      buffers.writeIds(0, ids);
      IndexGroups groups = IndexGroups.of(ids, shape.numEmbeddings());
      java.lang.foreign.MemorySegment out =
          data.scratch().asSlice(0, shape.outElements() * Float.BYTES);
      Map<String, Runnable> works = new LinkedHashMap<>();
      works.put(
          "forward, result on the device",
          () -> {
            buffers.forward(0);
            backend.queue().finish();
          });
      works.put(
          "forward, ids checked (synchronize)",
          () -> {
            buffers.forward(0);
            backend.synchronize();
          });
      works.put(
          "forward, ids written, result read",
          () -> {
            buffers.writeIds(0, ids);
            buffers.forward(0);
            buffers.out().buffer().read(0, out);
          });
      works.put(
          "sgd step, fused",
          () -> {
            buffers.sgdStep(0, groups);
            backend.queue().finish();
          });
      works.put("an empty queue's finish", () -> backend.queue().finish());
      works.forEach((name, work) -> rows.add(row(name, work, json)));
    }
    report.table(List.of("microseconds", "median", "fastest tenth", "slowest hundredth"), rows);
    report.put("launchMicros", json);
  }

  private static List<String> row(String name, Runnable work, Map<String, Object> json) {
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
