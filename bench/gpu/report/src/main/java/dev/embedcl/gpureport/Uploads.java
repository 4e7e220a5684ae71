package dev.embedcl.gpureport;

import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Queue;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long a step's inputs take to the device, by each of the ways that a launch profile can
 * choose: staged in memory of the process or of the driver's, and on the kernels' queue or another.
 */
final class Uploads {
  private static final int RUNS = 200;
  private static final int WARM_UPS = 50;

  /** The ids of 8 times 4 tokens, of 8 times 1024, and row groups of 64 times 1024. */
  private static final int[] SIZES = {128, 32 << 10, 1 << 20};

  private Uploads() {}

  static void measure(OpenDevice device, ReportFolder report) throws IOException {
    report.section("Uploads");
    List<List<String>> rows = new ArrayList<>();
    Map<String, Object> record = new LinkedHashMap<>();
    for (boolean aside : new boolean[] {false, true}) {
      for (boolean pinned : new boolean[] {false, true}) {
        String name = (pinned ? "pinned" : "plain") + (aside ? ", second queue" : "");
        List<String> row = new ArrayList<>(List.of(name));
        for (int bytes : SIZES) {
          double micros = micros(device, bytes, pinned, aside);
          row.add(String.format(Locale.ROOT, "%.1f µs", micros));
          record.put(name + ", " + bytes, micros);
        }
        rows.add(row);
      }
    }
    report.text(
        "From an array on the heap until the device has it, kernels idle; medians of "
            + RUNS
            + ". A launch profile chooses by `asideBytes` and `pinnedStaging`; what a second queue"
            + " gains while kernels run is not in these times.");
    report.table(List.of("staged in", "128 bytes", "32 KiB", "1 MiB"), rows);
    report.put("uploadMicros", record);
  }

  private static double micros(OpenDevice device, int bytes, boolean pinned, boolean aside) {
    double[] nanos = new double[RUNS];
    MemorySegment source = MemorySegment.ofArray(new byte[bytes]);
    try (Queue queue = Queue.open(device.context(), false);
        Buffer buffer = device.context().allocate(bytes)) {
      queue.pinStaging(pinned);
      queue.uploadAside(aside ? 0 : Long.MAX_VALUE);
      for (int run = -WARM_UPS; run < RUNS; run++) {
        long start = System.nanoTime();
        queue.write(buffer, 0, source);
        queue.finish();
        if (run >= 0) {
          nanos[run] = System.nanoTime() - start;
        }
      }
    }
    Arrays.sort(nanos);
    return nanos[RUNS / 2] / 1e3;
  }
}
