package dev.embedcl.gpureport;

import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.DeviceType;
import dev.embedcl.opencl.Event;
import dev.embedcl.opencl.Kernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the device's memory can do: copies, reads and fills by kernels as plain as they get, and by
 * the driver's own commands, and transfers between host and device.
 *
 * @param copyBytesPerNano the fastest copy, bytes read and written
 * @param hostToDevice bytes in a nanosecond
 * @param deviceToHost bytes in a nanosecond
 */
record Bandwidth(double copyBytesPerNano, double hostToDevice, double deviceToHost) {
  private static final int RUNS = 20;

  /** After this long, and {@value #FEWEST_RUNS} runs, no further one begins. */
  private static final long ENOUGH_NANOS = 200_000_000L;

  private static final int FEWEST_RUNS = 3;

  /** Work-items along a device's columns; each takes 16 bytes at a time. */
  private static final String SOURCE =
      """
      kernel void copy_all(global const float4 *from, global float4 *to, const ulong count) {
        for (ulong i = get_global_id(0); i < count; i += get_global_size(0)) to[i] = from[i];
      }
      kernel void read_all(global const float4 *from, global float4 *to, const ulong count) {
        float4 sum = 0.0f;
        for (ulong i = get_global_id(0); i < count; i += get_global_size(0)) sum += from[i];
        if (sum.x + sum.y + sum.z + sum.w == 1e30f) to[0] = sum;
      }
      kernel void fill_all(global const float4 *from, global float4 *to, const ulong count) {
        for (ulong i = get_global_id(0); i < count; i += get_global_size(0)) to[i] = 0.0f;
      }
      """;

  static Bandwidth measure(OpenDevice device, boolean quick, ReportFolder report)
      throws IOException {
    report.section("Memory");
    long most =
        Math.min(device.device().maxAllocationBytes(), device.context().availableBytes() / 4);
    long bytes =
        Long.highestOneBit(
            Math.min(
                most,
                quick
                    ? 64L << 20
                    : device.device().type() == DeviceType.CPU ? 256L << 20 : 1L << 30));
    Map<String, Double> rates = new LinkedHashMap<>();
    try (Buffer from = device.context().allocate(bytes);
        Buffer to = device.context().allocate(bytes);
        Arena arena = Arena.ofShared()) {
      device.queue().fill(from, 0, bytes, (byte) 0x3c);
      MemorySegment pattern = arena.allocate(16, 16).fill((byte) 0x3c);
      for (String name : List.of("copy_all", "read_all", "fill_all")) {
        Kernel kernel = device.context().program(SOURCE, "-w").kernel(name);
        kernel.setArg(0, from);
        kernel.setArg(1, to);
        kernel.setArg(2, bytes / 16);
        double best = 0;
        for (Cut cut : Cut.of(device.device(), bytes / 16)) {
          best = Math.max(best, moved(name, bytes) / kernelNanos(device, kernel, cut));
        }
        rates.put(name.substring(0, 4) + ", kernel", best);
        if (name.equals("copy_all")) {
          expectPattern(device, to, pattern);
        }
      }
      rates.put(
          "copy, driver",
          2.0 * bytes / wallNanos(device, () -> device.queue().copy(from, 0, to, 0, bytes)));
      rates.put(
          "fill, driver",
          bytes / wallNanos(device, () -> device.queue().fill(to, 0, bytes, (byte) 0)));
      MemorySegment host = arena.allocate(Math.min(bytes, 256L << 20), 4096);
      rates.put(
          "host to device",
          host.byteSize() / wallNanos(device, () -> device.queue().write(to, 0, host)));
      rates.put(
          "device to host",
          host.byteSize() / wallNanos(device, () -> device.queue().read(from, 0, host)));
    }
    double copy = Math.max(value(rates, "copy, kernel"), value(rates, "copy, driver"));
    List<List<String>> rows = new ArrayList<>();
    rates.forEach((name, rate) ->
        rows.add(List.of(name, one("%.1f", rate), one("%.0f %%", 100 * rate / copy))));
    report.text(
        one("%d MiB; kernels by event times, the rest by wall times, median of ", bytes >> 20)
            + RUNS
            + "; a copy counts what it reads and what it writes.");
    report.table(List.of("what", "GB/s", "share of the copy"), rows);
    report.text(one("100 %% is %.1f GB/s, the faster copy.", copy));
    report.put("bandwidthGigabytesPerSecond", new LinkedHashMap<>(rates));
    return new Bandwidth(copy, value(rates, "host to device"), value(rates, "device to host"));
  }

  /** Global and local size. */
  private record Cut(long global, long local) {
    static List<Cut> of(Device device, long vectors) {
      int computeUnits = device.computeUnits();
      List<Cut> cuts = new ArrayList<>();
      for (long groups : new long[] {8, 32, Long.MAX_VALUE / 1024 / computeUnits}) {
        long items = Math.min(vectors, groups * computeUnits * 256);
        cuts.add(new Cut((items + 255) / 256 * 256, 256));
      }
      if (device.type() == DeviceType.CPU) {
        cuts.add(new Cut(computeUnits, 1)); // one loop for each core
      }
      return cuts;
    }
  }

  private static double kernelNanos(OpenDevice device, Kernel kernel, Cut cut) {
    List<Double> nanos = new ArrayList<>();
    long begin = System.nanoTime();
    for (int run = 0; more(run, begin); run++) {
      try (Event event =
          device.queue().launchTimed(kernel, new long[] {cut.global()}, new long[] {cut.local()})) {
        nanos.add((double) event.durationNanos());
      }
    }
    return Timing.median(nanos);
  }

  private static boolean more(int run, long beginNanos) {
    return run < FEWEST_RUNS || run < RUNS && System.nanoTime() - beginNanos < ENOUGH_NANOS;
  }

  private static double wallNanos(OpenDevice device, Runnable command) {
    List<Double> nanos = new ArrayList<>();
    long begin = System.nanoTime();
    for (int run = 0; more(run, begin); run++) {
      device.queue().finish();
      long start = System.nanoTime();
      command.run();
      device.queue().finish();
      nanos.add((double) (System.nanoTime() - start));
    }
    return Timing.median(nanos);
  }

  private static void expectPattern(OpenDevice device, Buffer copied, MemorySegment pattern) {
    for (long at : new long[] {0, copied.bytes() / 2, copied.bytes() - 16}) {
      byte[] found = new byte[16];
      device.queue().read(copied, at, MemorySegment.ofArray(found));
      if (MemorySegment.ofArray(found).mismatch(pattern) >= 0) {
        throw new IllegalStateException("the copy is wrong at byte " + at + " of " + copied);
      }
    }
  }

  private static double moved(String kernel, long bytes) {
    return kernel.equals("copy_all") ? 2.0 * bytes : bytes;
  }

  private static double value(Map<String, Double> rates, String name) {
    return rates.getOrDefault(name, 0.0);
  }

  private static String one(String format, Object value) {
    return String.format(Locale.ROOT, format, value);
  }
}
