package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.SeededNormals;
import dev.embedcl.bench.Traffic;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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

/** Standard normal floats from a seed, into memory that is there; PyTorch draws on one thread. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class InitBenchmark {

  /** The table. */
  @State(Scope.Benchmark)
  public static class Calls {
    private Tensor table;

    /** Allocates, and writes each page. */
    @Setup(Level.Trial)
    public void allocate() {
      torch.set_num_threads(1);
      table = torch.empty(SeededNormals.ROWS, SeededNormals.COLUMNS);
      Tensors.memory(table).fill((byte) 0);
    }

    void fill() {
      torch.manual_seed(SeededNormals.SEED);
      table.normal_();
    }

    /**
     * Checks the last call's table after each iteration: before it, the first call would not be.
     */
    @TearDown(Level.Iteration)
    public void check() {
      SeededNormals.require(Tensors.memory(table));
    }

    /** Frees the table. */
    @TearDown(Level.Trial)
    public void free() {
      table.close();
    }
  }

  /** {@code manual_seed} and {@code normal_}. */
  @Benchmark
  public void normal(Calls calls, Traffic traffic) {
    calls.fill();
    traffic.add(SeededNormals.BYTES);
  }
}
