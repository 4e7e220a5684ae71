package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import dev.embedcl.op.EmbeddingBagForward;
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

/** Sums of bags, from ids on the device to sums that the device has finished. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagForwardBenchmark {

  /** One operation for each set of ids. */
  @State(Scope.Benchmark)
  public static class Calls extends BagTables {
    private EmbeddingBagForward[] operations;

    /** Builds the operations, and checks the result of each. */
    @Setup(Level.Trial)
    public void prepare() {
      openBags();
      Matrix sums = matrix(batchSize());
      operations = forwards(weight(Contents.WEIGHT), sums);
      for (int set = 0; set < operations.length; set++) {
        backend.execute(operations[set]);
        reference().requireBagSums(read(sums), set);
      }
    }

    void run() {
      backend.execute(operations[next()]);
      backend.synchronize();
    }
  }

  /** Into memory that is there. */
  @Benchmark
  public void into(Calls calls, Traffic traffic) {
    calls.run();
    traffic.add(calls.bagBytes());
  }
}
