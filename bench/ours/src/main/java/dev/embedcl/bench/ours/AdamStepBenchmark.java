package dev.embedcl.bench.ours;

import dev.embedcl.bench.AdamReference;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import java.util.IdentityHashMap;
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

/** Forward pass, then backward pass and Adam on touched rows for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class AdamStepBenchmark {

  /** Two moments beside each table. */
  @State(Scope.Benchmark)
  public static class Calls extends StepBenchmark.Calls {
    private final IdentityHashMap<Matrix, Matrix[]> moments = new IdentityHashMap<>();
    private long step;

    @Override
    void check() {
      for (int set = 0; set < adamReference().steps(); set++) {
        adamStep(set);
      }
      adamReference().require(read(weight), read(positions.table()));
    }

    void adamStep(int set) {
      step++;
      step(set);
    }

    @Override
    RowUpdate update(Matrix table) {
      Matrix[] both = moments.get(table);
      if (both == null) {
        int rows = (int) table.rows();
        both = new Matrix[] {matrix(rows), matrix(rows)};
        moments.put(table, both);
      }
      return AdamUpdate.sparseAdam(
          table,
          both[0],
          both[1],
          step,
          Inputs.LEARNING_RATE,
          AdamReference.BETA1,
          AdamReference.BETA2,
          AdamReference.EPS);
    }
  }

  /** Backward pass and Adam in one operation for each table; no dense gradient. */
  @Benchmark
  public void fused(Calls calls, Traffic traffic) {
    calls.adamStep(calls.next());
    traffic.add(calls.adamStepBytes());
  }
}
