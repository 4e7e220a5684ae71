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
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.Arena;
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

  /** Both tables, and the gradient of the output. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    private final IndexGroups groups = new IndexGroups();
    private Matrix weight;
    private Positions positions;
    private Matrix output;
    private Matrix gradOutput;

    /** Checks one step. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = weight(Contents.WEIGHT);
      positions = new Positions(positions(Contents.POSITIONS), 0);
      output = output();
      gradOutput = gradOutput();
      step(0);
      try (Arena arena = Arena.ofConfined()) {
        reference().requireOutput(read(output, arena), 0);
        reference().requireStep(read(weight, arena), read(positions.table(), arena), 0);
      }
    }

    void step(int set) {
      backend.execute(
          new EmbeddingForward(weight, idBuffers[set], positions, output, batchSize(), seqLen()));
      groups.rebuild(ids(set), count(), numEmbeddings);
      SgdUpdate update = SgdUpdate.plain(weight, Inputs.LEARNING_RATE);
      backend.execute(new EmbeddingUpdate(gradOutput, groups, update));
      SgdUpdate positionUpdate = SgdUpdate.plain(positions.table(), Inputs.LEARNING_RATE);
      backend.execute(new PositionUpdate(gradOutput, positionUpdate, 0, batchSize(), seqLen()));
      backend.synchronize();
    }
  }

  /** Backward pass and SGD in one operation for each table; no dense gradient. */
  @Benchmark
  public void fused(Calls calls, Traffic traffic) {
    calls.step(calls.next());
    traffic.add(calls.stepBytes());
  }
}
