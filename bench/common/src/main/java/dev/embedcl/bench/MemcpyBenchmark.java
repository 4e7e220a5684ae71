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
 * copied into another, or slices of a larger one in turn; by one thread, or by two that take half
 * each and never wait for one another.
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

  /**
   * The footprint of a forward pass, without its scattered reads: slices of a source as large as
   * the table of 50,257 x 768 floats take turns, and are copied into one target as large as the
   * output.
   */
  @State(Scope.Benchmark)
  public static class Slices {
    static final long SLICE_BYTES = 4L * 8 * 1024 * 768;
    private static final long SOURCE_BYTES = 4L * 50_257 * 768;

    MemorySegment source;
    MemorySegment target;

    /** Allocates both segments and writes each page. */
    @Setup(Level.Trial)
    public void allocate() {
      // Not closed: when one thread is done, the other may still be checking.
      Arena arena = Arena.ofAuto();
      source = arena.allocate(SOURCE_BYTES, 64);
      target = arena.allocate(SLICE_BYTES, 64);
      Contents.WEIGHT.fill(source);
      target.fill((byte) 0);
    }
  }

  /** The part of one thread of every slice. */
  @State(Scope.Thread)
  public static class SlicePart {
    MemorySegment target;
    private MemorySegment[] sources;
    private int turn;

    /** Cuts each slice into as many equal parts as there are threads. */
    @Setup(Level.Trial)
    public void cut(Slices slices, ThreadParams threads) {
      long partBytes = Slices.SLICE_BYTES / threads.getThreadCount();
      long offset = partBytes * threads.getThreadIndex();
      target = slices.target.asSlice(offset, partBytes);
      sources = new MemorySegment[(int) (slices.source.byteSize() / Slices.SLICE_BYTES)];
      for (int i = 0; i < sources.length; i++) {
        sources[i] = slices.source.asSlice(i * Slices.SLICE_BYTES + offset, partBytes);
      }
    }

    MemorySegment nextSource() {
      turn = (turn + 1) % sources.length;
      return sources[turn];
    }

    /** Checks that the last copy was whole. */
    @TearDown(Level.Trial)
    public void check() {
      if (sources[turn].mismatch(target) >= 0) {
        throw new IllegalStateException("slice " + turn + " was not copied whole");
      }
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

  @Benchmark
  @Threads(1)
  public void slicesOneThread(SlicePart part, Traffic traffic) {
    copy(part, traffic);
  }

  @Benchmark
  @Threads(2)
  public void slicesTwoThreads(SlicePart part, Traffic traffic) {
    copy(part, traffic);
  }

  private static void copy(SlicePart part, Traffic traffic) {
    part.target.copyFrom(part.nextSource());
    traffic.add(2 * part.target.byteSize());
  }

  private static void copy(Part part, Traffic traffic) {
    part.target.copyFrom(part.source);
    traffic.add(2 * part.source.byteSize());
  }
}
