package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.SgdUpdate;
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

/** Sums of bags, then backward pass and SGD for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagStepBenchmark {

  /** The table, and the gradient of the sums. */
  @State(Scope.Benchmark)
  public static class Calls extends BagTables {
    private EmbeddingBagForward[] forwards;
    private Matrix gradSums;
    private SgdUpdate update;

    /** Checks one step. */
    @Setup(Level.Trial)
    public void prepare() {
      openBags();
      Matrix weight = weight(Contents.WEIGHT);
      Matrix sums = matrix(batchSize());
      forwards = forwards(weight, sums);
      gradSums = gradSums();
      update = SgdUpdate.plain(weight, Inputs.LEARNING_RATE);
      run(0);
      reference().requireBagSums(read(sums), 0);
      reference().requireBagStep(read(weight), 0);
    }

    void run(int set) {
      backend.execute(forwards[set]);
      group(set);
      backend.execute(new EmbeddingUpdate(gradSums, groups, update));
      backend.synchronize();
    }
  }

  /** Backward pass and SGD in one operation; no gradient of the table. */
  @Benchmark
  public void fused(Calls calls, Traffic traffic) {
    calls.run(calls.next());
    traffic.add(calls.bagStepBytes());
  }
}
