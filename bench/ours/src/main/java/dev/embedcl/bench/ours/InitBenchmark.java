package dev.embedcl.bench.ours;

import dev.embedcl.bench.SeededNormals;
import dev.embedcl.bench.Traffic;
import dev.embedcl.init.TorchGenerator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Standard normal floats from a seed, into memory that is there; the common pool helps. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class InitBenchmark {

  /** The table. */
  @State(Scope.Benchmark)
  public static class Calls {
    private Arena arena;
    private MemorySegment table;

    /** Allocates, and writes each page. */
    @Setup(Level.Trial)
    public void allocate() {
      arena = Arena.ofShared();
      table = arena.allocate(SeededNormals.BYTES, 64).fill((byte) 0);
    }

    void fill() {
      new TorchGenerator(SeededNormals.SEED).fillNormal(table, 0, 1);
    }

    /**
     * Checks the last call's table after each iteration: before it, the first call would not be.
     */
    @TearDown(Level.Iteration)
    public void check() {
      SeededNormals.require(table);
    }

    /** Frees the table. */
    @TearDown(Level.Trial)
    public void free() {
      arena.close();
    }
  }

  /** A generator and all that it draws. */
  @Benchmark
  public void normal(Calls calls, Traffic traffic) {
    calls.fill();
    traffic.add(SeededNormals.BYTES);
  }
}
