package dev.embedcl.bench;

import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.PositionUpdate;
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

/**
 * Backward pass into dense gradients that exist already, the grouping of the batch's ids included.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class EmbeddingBackwardBenchmark {

  /** What one call needs. */
  @State(Scope.Benchmark)
  public static class Calls {
    final IndexGroups groups = new IndexGroups();
    long bytes;

    /** Checks the sum over one set of ids; the tables stand for their own gradients. */
    @Setup(Level.Trial)
    public void check(Batch batch) {
      bytes = batch.backwardBytes();
      float[] weight = batch.read(batch.weight);
      float[] positions = batch.read(batch.positionTable);
      float[] gradOutput = batch.read(batch.output);
      int dim = batch.embeddingDim;
      for (int i = 0; i < gradOutput.length; i++) {
        weight[batch.idSets[0][i / dim] * dim + i % dim] += gradOutput[i];
        positions[i / dim % batch.seqLen * dim + i % dim] += gradOutput[i];
      }
      deterministic(batch, this, 0);
      Batch.require(Arrays.equals(weight, batch.read(batch.weight)), "token gradient");
      Batch.require(Arrays.equals(positions, batch.read(batch.positionTable)), "position gradient");
    }
  }

  @Benchmark
  public void deterministic(Batch batch, Calls calls, Traffic traffic) {
    deterministic(batch, calls, batch.next());
    traffic.gigabytesMoved += 1e-9 * calls.bytes;
  }

  @Benchmark
  public void atomic(Batch batch, Calls calls, Traffic traffic) {
    batch.backend.execute(
        new EmbeddingBackwardAtomic(
            batch.output,
            batch.idBuffers[batch.next()],
            batch.weight,
            IndexGroups.NO_PADDING,
            batch.positions,
            batch.batchSize,
            batch.seqLen));
    batch.backend.synchronize();
    traffic.gigabytesMoved += 1e-9 * calls.bytes;
  }

  private static void deterministic(Batch batch, Calls calls, int set) {
    calls.groups.rebuild(batch.idSets[set], batch.count, batch.weight.rows());
    batch.backend.execute(
        new EmbeddingUpdate(batch.output, calls.groups, new AccumulateUpdate(batch.weight)));
    batch.backend.execute(
        new PositionUpdate(
            batch.output,
            new AccumulateUpdate(batch.positionTable),
            0,
            batch.batchSize,
            batch.seqLen));
    batch.backend.synchronize();
  }
}
