package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Positions;
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

/** Forward pass from ids on the device to an output that the device has finished. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ForwardBenchmark {

  /** One operation for each set of ids. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    EmbeddingForward[] operations;
    private Matrix weight;
    private Positions positions;

    /** Builds the operations, and checks the result of each. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = weight(Contents.WEIGHT);
      positions = new Positions(positions(Contents.POSITIONS), 0);
      Matrix output = output();
      operations = new EmbeddingForward[sets()];
      for (int set = 0; set < operations.length; set++) {
        operations[set] = forward(set, output);
        backend.execute(operations[set]);
        check(output, set);
      }
      Matrix fresh = fresh(0);
      check(fresh, 0);
      fresh.buffer().close();
    }

    Matrix fresh(int set) {
      Matrix output = freshOutput();
      backend.execute(forward(set, output));
      backend.synchronize();
      return output;
    }

    private EmbeddingForward forward(int set, Matrix output) {
      return new EmbeddingForward(weight, idBuffers[set], positions, output, batchSize(), seqLen());
    }

    private void check(Matrix output, int set) {
      reference().requireOutput(read(output), set);
    }
  }

  /** Into memory that is there. */
  @Benchmark
  public void into(Calls calls, Traffic traffic) {
    calls.backend.execute(calls.operations[calls.next()]);
    calls.backend.synchronize();
    traffic.add(calls.forwardBytes());
  }

  /** Into a buffer that is allocated for the call, and closed after it. */
  @Benchmark
  public void fresh(Calls calls, Traffic traffic) {
    calls.fresh(calls.next()).buffer().close();
    traffic.add(calls.forwardBytes());
  }
}
