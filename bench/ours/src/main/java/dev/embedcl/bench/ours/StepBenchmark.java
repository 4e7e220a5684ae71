package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import dev.embedcl.op.RowUpdate;
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

/** Forward pass, then backward pass and SGD for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class StepBenchmark {

  /** Both tables, and the gradient of the output, which is float32 whatever they are. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    private final IndexGroups groups = new IndexGroups();
    Matrix weight;
    Positions positions;
    private Matrix output;
    private Matrix gradOutput;

    /** Checks what steps do. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = weight(Contents.WEIGHT);
      positions = new Positions(positions(Contents.POSITIONS), 0);
      output = output();
      gradOutput = gradOutput();
      check();
    }

    void check() {
      step(0);
      reference().requireOutput(read(output), 0);
      reference().requireStep(rows(weight), read(positions.table()), 0);
    }

    final void step(int set) {
      backend.execute(
          new EmbeddingForward(weight, idBuffers[set], positions, output, batchSize(), seqLen()));
      groups.rebuild(ids(set), count(), numEmbeddings);
      backend.execute(new EmbeddingUpdate(gradOutput, groups, update(weight)));
      backend.execute(
          new PositionUpdate(gradOutput, update(positions.table()), 0, batchSize(), seqLen()));
      backend.synchronize();
    }

    /** Returns what becomes of a table's rows, asked for once for each table in each step. */
    RowUpdate update(Matrix table) {
      return SgdUpdate.plain(table, Inputs.LEARNING_RATE);
    }
  }

  /** Backward pass and SGD in one operation for each table; no dense gradient. */
  @Benchmark
  public void fused(Calls calls, Traffic traffic) {
    calls.step(calls.next());
    traffic.add(calls.stepBytes());
  }
}
