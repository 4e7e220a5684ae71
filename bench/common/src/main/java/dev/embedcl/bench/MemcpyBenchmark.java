package dev.embedcl.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.ThreadParams;

/**
 * What the machine's memory can do, the yardstick of every other benchmark: one native segment
 * copied into another, by one thread, or by two that take half each and never wait for one another.
 *
 * <p>{@code gigabytesMoved} counts bytes read plus bytes written, in units of 10⁹ bytes, per
 * second.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 2)
@Fork(2)
public class MemcpyBenchmark {

  /** What is copied: both segments whole, shared by the threads. */
  @State(Scope.Benchmark)
  public static class Buffers {

    /**
     * Bytes of each segment: a float32 output of [8, 1024, 768] first, then far beyond any cache.
     */
    @Param({"25165824", "1073741824"})
    public long bytes;

    Arena arena;
    MemorySegment source;
    MemorySegment target;

    /** Allocates both segments and writes each page, so that no page fault is timed. */
    @Setup(Level.Trial)
    public void allocate() {
      arena = Arena.ofShared();
      source = arena.allocate(bytes, 64);
      target = arena.allocate(bytes, 64);
      for (long offset = 0; offset < bytes; offset += Long.BYTES) {
        source.set(ValueLayout.JAVA_LONG, offset, offset * 0x9E3779B97F4A7C15L);
      }
      target.fill((byte) 0);
    }

    /** Checks that what was timed was the copy, whole. */
    @TearDown(Level.Trial)
    public void checkAndFree() {
      long mismatch = source.mismatch(target);
      arena.close();
      if (mismatch >= 0) {
        throw new IllegalStateException("copy differs at byte " + mismatch + " of " + bytes);
      }
    }
  }

  /** The part of one thread. */
  @State(Scope.Thread)
  public static class Part {

    MemorySegment source;
    MemorySegment target;

    /** Cuts the segments into as many equal parts as there are threads. */
    @Setup(Level.Trial)
    public void cut(Buffers buffers, ThreadParams threads) {
      long partBytes = buffers.bytes / threads.getThreadCount();
      long offset = partBytes * threads.getThreadIndex();
      source = buffers.source.asSlice(offset, partBytes);
      target = buffers.target.asSlice(offset, partBytes);
    }
  }

  @Benchmark
  @Threads(1)
  public void oneThread(Part part, Traffic traffic) {
    copy(part, traffic);
  }

  @Benchmark
  @Threads(2)
  public void twoThreads(Part part, Traffic traffic) {
    copy(part, traffic);
  }

  private static void copy(Part part, Traffic traffic) {
    part.target.copyFrom(part.source);
    traffic.gigabytesMoved += 2e-9 * part.source.byteSize();
  }
}
