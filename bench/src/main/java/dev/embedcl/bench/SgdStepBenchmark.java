package dev.embedcl.bench;

import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.SgdUpdate;
import java.util.Arrays;
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

/** Backward pass and SGD in one, the grouping of the batch's ids included; no dense gradient. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SgdStepBenchmark {

  /** A power of two, so that the check is exact. */
  private static final float LEARNING_RATE = 0.5f;

  /** What one call needs. */
  @State(Scope.Benchmark)
  public static class Calls {
    final IndexGroups groups = new IndexGroups();
    long bytes;

    /** Checks the step over one set of ids. */
    @Setup(Level.Trial)
    public void check(Batch batch) {
      bytes = batch.backwardBytes();
      float[] weight = batch.read(batch.weight);
      float[] positions = batch.read(batch.positionTable);
      float[] gradOutput = batch.read(batch.output);
      int dim = batch.embeddingDim;
      for (int i = 0; i < gradOutput.length; i++) {
        weight[batch.idSets[0][i / dim] * dim + i % dim] -= LEARNING_RATE * gradOutput[i];
        positions[i / dim % batch.seqLen * dim + i % dim] -= LEARNING_RATE * gradOutput[i];
      }
      step(batch, this, 0);
      Batch.require(Arrays.equals(weight, batch.read(batch.weight)), "token table");
      Batch.require(Arrays.equals(positions, batch.read(batch.positionTable)), "position table");
    }
  }

  @Benchmark
  public void fused(Batch batch, Calls calls, Traffic traffic) {
    step(batch, calls, batch.next());
    traffic.gigabytesMoved += 1e-9 * calls.bytes;
  }

  private static void step(Batch batch, Calls calls, int set) {
    calls.groups.rebuild(batch.idSets[set], batch.count, batch.weight.rows());
    batch.backend.execute(
        new EmbeddingUpdate(
            batch.output, calls.groups, SgdUpdate.plain(batch.weight, LEARNING_RATE)));
    batch.backend.execute(
        new PositionUpdate(
            batch.output,
            SgdUpdate.plain(batch.positionTable, LEARNING_RATE),
            0,
            batch.batchSize,
            batch.seqLen));
    batch.backend.synchronize();
  }
}
