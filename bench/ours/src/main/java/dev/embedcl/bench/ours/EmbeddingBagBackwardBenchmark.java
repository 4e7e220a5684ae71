package dev.embedcl.bench.ours;

import dev.embedcl.bench.Traffic;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.Matrix;
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
import org.openjdk.jmh.annotations.Warmup;

/** The gradient of sums of bags, the grouping of the ids included. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagBackwardBenchmark {

  /** The gradient of the sums, and memory for a sparse gradient of the table. */
  @State(Scope.Benchmark)
  public static class Calls extends BagTables {
    private Matrix gradSums;
    private DeviceBuffer rows;
    private Matrix values;

    /** Checks one gradient. */
    @Setup(Level.Trial)
    public void prepare() {
      openBags();
      gradSums = gradSums();
      rows = backend.allocate(DType.INT32, count());
      values = matrix(count());
      run(0);
      int unique = groups.uniqueRows();
      reference().requireBagSparse(numbers(rows, unique), rows(values).floats(0, unique), 0);
    }

    void run(int set) {
      group(set);
      backend.execute(new CoalescedGradient(gradSums, groups, rows, values));
      backend.synchronize();
    }
  }

  /** Each touched row once, in memory that is used again. */
  @Benchmark
  public void sparse(Calls calls, Traffic traffic) {
    calls.run(calls.next());
    traffic.add(calls.bagGradientBytes());
  }
}
