package dev.embedcl.bench.ours;

import dev.embedcl.bench.Traffic;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.StochasticUpdate;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * The step of {@link StepBenchmark} with weights rounded at random, for tables of 16 bits: {@code
 * -p storage=FLOAT16,BFLOAT16}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class StochasticStepBenchmark {

  /** Weights whose numbers the tables have, so that no rounding changes them. */
  @State(Scope.Benchmark)
  public static class Calls extends StepBenchmark.Calls {
    private long step;

    @Override
    RowUpdate update(Matrix table) {
      return new StochasticUpdate(super.update(table), 1, step++);
    }
  }

  /** Backward pass and SGD in one operation for each table. */
  @Benchmark
  public void fused(Calls calls, Traffic traffic) {
    calls.step(calls.next());
    traffic.add(calls.stepBytes());
  }
}
