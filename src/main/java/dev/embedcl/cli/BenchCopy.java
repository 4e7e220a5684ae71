package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.opencl.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A plain copy from memory to memory, the yardstick: by the driver between two buffers of a device
 * with memory of its own, else by as many threads as the device has units, each a part.
 */
final class BenchCopy {
  private BenchCopy() {}

  /** Measures a copy; read and written bytes both count. */
  static BenchRow measure(Backend backend, long bytes, BenchTimer timer) {
    double nanos =
        backend instanceof OpenClBackend device && !backend.device().hostUnifiedMemory()
            ? onDevice(device, bytes, timer)
            : onHost(backend.device().computeUnits(), bytes, timer);
    return new BenchRow("copy", "", 2 * bytes, nanos);
  }

  private static double onDevice(OpenClBackend device, long bytes, BenchTimer timer) {
    try (Buffer source = device.queue().context().allocate(bytes);
        Buffer target = device.queue().context().allocate(bytes)) {
      device.queue().fill(source, 0, bytes, (byte) 1);
      return timer.median(
          _ -> device.queue().copy(source, 0, target, 0, bytes), device::synchronize);
    }
  }

  private static double onHost(int threads, long bytes, BenchTimer timer) {
    try (Arena arena = Arena.ofShared();
        ExecutorService workers = Executors.newFixedThreadPool(threads)) {
      MemorySegment source = arena.allocate(bytes, 64).fill((byte) 1);
      MemorySegment target = arena.allocate(bytes, 64).fill((byte) 0);
      return timer.median(_ -> copy(workers, threads, source, target), () -> {});
    }
  }

  private static void copy(
      ExecutorService workers, int threads, MemorySegment source, MemorySegment target) {
    long bytes = source.byteSize();
    List<Future<?>> parts = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      long from = bytes * i / threads;
      long part = bytes * (i + 1) / threads - from;
      parts.add(workers.submit(() -> MemorySegment.copy(source, from, target, from, part)));
    }
    try {
      for (Future<?> part : parts) {
        part.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a part of the copy failed: " + e.getCause(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while memory was copied", e);
    }
  }
}
