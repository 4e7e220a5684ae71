package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
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

/** Backward pass in the deterministic order, the grouping of the ids included. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class BackwardBenchmark {

  /** The gradient of the output. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    private final IndexGroups groups = new IndexGroups();
    private Matrix gradOutput;

    /** Checks fresh gradients. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      gradOutput = gradOutput();
      check();
    }

    void check() {
      Matrix[] fresh = fresh(0);
      try (Arena arena = Arena.ofConfined()) {
        reference().requireFresh(read(fresh[0], arena), read(fresh[1], arena), 0);
      }
      close(fresh);
    }

    Matrix[] fresh(int set) {
      Matrix[] gradients = {matrix(numEmbeddings), matrix(seqLen())};
      add(set, gradients[0], gradients[1]);
      return gradients;
    }

    final void add(int set, Matrix gradWeight, Matrix gradPositions) {
      groups.rebuild(ids(set), count(), numEmbeddings);
      backend.execute(new EmbeddingUpdate(gradOutput, groups, new AccumulateUpdate(gradWeight)));
      backend.execute(
          new PositionUpdate(
              gradOutput, new AccumulateUpdate(gradPositions), 0, batchSize(), seqLen()));
      backend.synchronize();
    }

    static void close(Matrix[] gradients) {
      for (Matrix gradient : gradients) {
        gradient.buffer().close();
      }
    }
  }

  /** Gradients that exist already, besides. */
  @State(Scope.Benchmark)
  public static class Existing extends Calls {
    Matrix gradWeight;
    Matrix gradPositions;

    @Override
    void check() {
      gradWeight = weight(Contents.GRAD_WEIGHT);
      gradPositions = positions(Contents.GRAD_POSITIONS);
      add(0, gradWeight, gradPositions);
      try (Arena arena = Arena.ofConfined()) {
        reference().requireAdded(read(gradWeight, arena), read(gradPositions, arena), 0);
      }
    }
  }

  /** Into gradients that are there. */
  @Benchmark
  public void into(Existing calls, Traffic traffic) {
    calls.add(calls.next(), calls.gradWeight, calls.gradPositions);
    traffic.add(calls.backwardBytes());
  }

  /** Into dense gradients that are allocated for the call, and closed after it. */
  @Benchmark
  public void fresh(Calls calls, Traffic traffic) {
    Calls.close(calls.fresh(calls.next()));
    traffic.add(calls.freshGradientBytes());
  }
}
