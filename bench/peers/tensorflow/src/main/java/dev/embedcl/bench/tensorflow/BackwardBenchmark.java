package dev.embedcl.bench.tensorflow;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
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
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Tensor;
import org.tensorflow.op.Op;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.Unique;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/** Backward pass. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class BackwardBenchmark {

  /** The gradient of the output. */
  @State(Scope.Benchmark)
  public abstract static class Calls extends Graphs {
    private Placeholder<TFloat32> gradOutput;
    private Tensor gradOutputTensor;

    /** Builds the graph and checks its results. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      gradOutput = gradOutput();
      gradOutputTensor = gradOutputTensor();
      build(rows(gradOutput), tf.sum(gradOutput, tf.constant(0)));
      check();
    }

    abstract void build(Operand<TFloat32> gradRows, Operand<TFloat32> gradPositions);

    abstract void check();

    /** Runs with the results of some operations, and with the effects of others. */
    final Result run(int set, Op[] targets, Operand<?>... fetches) {
      var runner = session.runner();
      runner.feed(indices, idTensors[set]).feed(gradOutput, gradOutputTensor);
      for (Op target : targets) {
        runner.addTarget(target);
      }
      for (Operand<?> fetch : fetches) {
        runner.fetch(fetch);
      }
      return runner.run();
    }
  }

  /** Variables that exist already. */
  @State(Scope.Benchmark)
  public static class Existing extends Calls {
    private Operand<? extends TType> weight;
    private Operand<? extends TType> positions;
    private Op[] updates;

    @Override
    void build(Operand<TFloat32> gradRows, Operand<TFloat32> gradPositions) {
      weight = weight(Contents.GRAD_WEIGHT);
      positions = positions(Contents.GRAD_POSITIONS);
      updates =
          new Op[] {
            tf.resourceScatterAdd(weight, flatIndices(), gradRows),
            tf.assignAddVariableOp(positions, gradPositions)
          };
    }

    @Override
    void check() {
      add(0);
      reference().requireAdded(read(weight), read(positions), 0);
    }

    void add(int set) {
      run(set, updates).close();
    }
  }

  /** The sums of touched rows. */
  @State(Scope.Benchmark)
  public static class Sparse extends Calls {
    private Operand<?>[] results;

    @Override
    void build(Operand<TFloat32> gradRows, Operand<TFloat32> gradPositions) {
      Unique<TInt32, TInt32> unique = tf.unique(flatIndices(), tf.constant(new int[] {0}));
      results =
          new Operand<?>[] {
            unique.y(),
            tf.math.unsortedSegmentSum(gradRows, unique.idx(), tf.size(unique.y())),
            gradPositions
          };
    }

    @Override
    void check() {
      try (Result result = gradient(0)) {
        int[] rows = new int[(int) result.get(0).shape().size()];
        result.get(0).asRawTensor().data().asInts().read(rows);
        long[] ids = LongStream.range(0, rows.length).map(k -> rows[(int) k]).toArray();
        reference().requireSparse(ids, floats(result.get(1)), 0);
        reference().requirePositionGradient(floats(result.get(2)));
      }
    }

    Result gradient(int set) {
      return run(set, new Op[0], results);
    }
  }

  /** A gradient of the table's size. */
  @State(Scope.Benchmark)
  public static class Dense extends Calls {
    private Operand<?>[] results;

    @Override
    void build(Operand<TFloat32> gradRows, Operand<TFloat32> gradPositions) {
      results =
          new Operand<?>[] {
            tf.math.unsortedSegmentSum(gradRows, flatIndices(), tf.constant(numEmbeddings)),
            gradPositions
          };
    }

    @Override
    void check() {
      try (Result result = gradient(0)) {
        MemorySegment gradWeight = floats(result.get(0));
        reference().requireFresh(gradWeight, floats(result.get(1)), 0);
      }
    }

    Result gradient(int set) {
      return run(set, new Op[0], results);
    }
  }

  /** {@code ResourceScatterAdd} into a variable. */
  @Benchmark
  public void intoScatterAdd(Existing calls, Traffic traffic) {
    calls.add(calls.next());
    traffic.add(calls.backwardBytes());
  }

  /** {@code Unique} and {@code UnsortedSegmentSum}; rows in the order of their first id. */
  @Benchmark
  public void sparseUnique(Sparse calls, Traffic traffic) {
    calls.gradient(calls.next()).close();
    traffic.add(calls.sparseGradientBytes());
  }

  /** {@code UnsortedSegmentSum} over all rows. */
  @Benchmark
  public void freshSegmentSum(Dense calls, Traffic traffic) {
    calls.gradient(calls.next()).close();
    traffic.add(calls.freshGradientBytes());
  }
}
