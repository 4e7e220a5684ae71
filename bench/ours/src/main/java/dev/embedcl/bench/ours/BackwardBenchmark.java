package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
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

    IndexGroups groups() {
      return groups;
    }

    void check() {
      Matrix[] fresh = fresh(0);
      reference().requireFresh(read(fresh[0]), read(fresh[1]), 0);
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
      addPositions(gradPositions);
      backend.synchronize();
    }

    final int coalesce(int set, DeviceBuffer rows, Matrix values, Matrix gradPositions) {
      groups.rebuild(ids(set), count(), numEmbeddings);
      backend.execute(new CoalescedGradient(gradOutput, groups, rows, values));
      addPositions(gradPositions);
      backend.synchronize();
      return groups.uniqueRows();
    }

    private void addPositions(Matrix gradPositions) {
      backend.execute(
          new PositionUpdate(
              gradOutput, new AccumulateUpdate(gradPositions), 0, batchSize(), seqLen()));
    }

    static void close(Matrix[] gradients) {
      for (Matrix gradient : gradients) {
        gradient.buffer().close();
      }
    }
  }

  /**
   * Dense gradients that are kept, and cleared where the last batch left something, as a layer's.
   */
  @State(Scope.Benchmark)
  public static class Cleared extends Calls {
    private Matrix gradWeight;
    private Matrix gradPositions;

    @Override
    void check() {
      gradWeight = matrix(numEmbeddings);
      gradPositions = matrix(seqLen());
      for (int set : new int[] {1, 0}) {
        addFresh(set);
      }
      reference().requireFresh(read(gradWeight), read(gradPositions), 0);
    }

    void addFresh(int set) {
      clear();
      add(set, gradWeight, gradPositions);
    }

    private void clear() {
      try (Mapping mapping = gradWeight.buffer().map(MapMode.READ_WRITE)) {
        for (int block = 0; block < groups().blocks(); block++) {
          long row = groups().blockRow(block) * gradWeight.rowBytes();
          mapping.segment().asSlice(row, gradWeight.rowBytes()).fill((byte) 0);
        }
      }
      try (Mapping mapping = gradPositions.buffer().map(MapMode.READ_WRITE)) {
        mapping.segment().fill((byte) 0);
      }
    }
  }

  /** Gradients that exist already, besides. */
  @State(Scope.Benchmark)
  public static class Existing extends Calls {
    private Matrix gradWeight;
    private Matrix gradPositions;

    @Override
    void check() {
      gradWeight = weight(Contents.GRAD_WEIGHT);
      gradPositions = positions(Contents.GRAD_POSITIONS);
      add(0, gradWeight, gradPositions);
      reference().requireAdded(read(gradWeight), read(gradPositions), 0);
    }

    void addNext() {
      add(next(), gradWeight, gradPositions);
    }
  }

  /** The token table's gradient as rows and their numbers, in memory that is used again. */
  @State(Scope.Benchmark)
  public static class Sparse extends Calls {
    private DeviceBuffer rows;
    private Matrix values;
    private Matrix gradPositions;

    @Override
    void check() {
      rows = backend.allocate(DType.INT32, count());
      values = matrix(count());
      gradPositions = matrix(seqLen());
      int unique = coalesce(0, rows, values, gradPositions);
      reference().requireSparse(numbers(rows, unique), rows(values).floats(0, unique), 0);
    }

    void run() {
      coalesce(next(), rows, values, gradPositions);
    }
  }

  /** Into gradients that are there. */
  @Benchmark
  public void into(Existing calls, Traffic traffic) {
    calls.addNext();
    traffic.add(calls.backwardBytes());
  }

  /** Each touched row once; the positional gradient is added to one that is there. */
  @Benchmark
  public void sparse(Sparse calls, Traffic traffic) {
    calls.run();
    traffic.add(calls.sparseGradientBytes());
  }

  /** Into dense gradients that are allocated for the call, and closed after it. */
  @Benchmark
  public void fresh(Calls calls, Traffic traffic) {
    Calls.close(calls.fresh(calls.next()));
    traffic.add(calls.freshGradientBytes());
  }

  /** Into dense gradients that are kept and cleared by rows. */
  @Benchmark
  public void freshCleared(Cleared calls, Traffic traffic) {
    calls.addFresh(calls.next());
    traffic.add(calls.clearedGradientBytes());
  }
}
