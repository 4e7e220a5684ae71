package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
 * The gradient of sums of bags, one bag to a sequence, the grouping of the ids included. The shape
 * it is meant for: {@code -p shape=4096x50x128 -p numEmbeddings=1000000 -p ids=uniform}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagBackwardBenchmark {

  /** The gradient of the sums. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    final IndexGroups groups = new IndexGroups();
    Matrix gradSums;
    private int[] bagOf;

    /** Fills the gradient, and checks what follows from it. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      gradSums = matrix(batchSize());
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment floats =
            arena.allocate(ValueLayout.JAVA_FLOAT, (long) batchSize() * embeddingDim());
        Contents.GRAD_OUTPUT.fill(floats);
        gradSums.buffer().write(floats);
      }
      bagOf = new int[count()];
      for (int n = 0; n < bagOf.length; n++) {
        bagOf[n] = n / seqLen();
      }
      check();
    }

    /** Checks what the benchmark makes; nothing here. */
    void check() {}

    final void group(int set) {
      groups.rebuild(ids(set), count(), numEmbeddings).fromRows(bagOf, batchSize());
    }
  }

  /** Memory for a sparse gradient. */
  @State(Scope.Benchmark)
  public static class Sparse extends Calls {
    private DeviceBuffer rows;
    private Matrix values;

    @Override
    void check() {
      rows = backend.allocate(DType.INT32, count());
      values = matrix(count());
      run(0);
      long[] numbers = new long[groups.uniqueRows()];
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment read = arena.allocate(4L * count(), 4);
        rows.read(read);
        for (int i = 0; i < numbers.length; i++) {
          numbers[i] = read.getAtIndex(ValueLayout.JAVA_INT, i);
        }
        long bytes = 4L * numbers.length * values.columns();
        reference().requireBagSparse(numbers, read(values, arena).asSlice(0, bytes), 0);
      }
    }

    void run(int set) {
      group(set);
      backend.execute(new CoalescedGradient(gradSums, groups, rows, values));
      backend.synchronize();
    }
  }

  /** A table to be updated. */
  @State(Scope.Benchmark)
  public static class Step extends Calls {
    private Matrix weight;

    @Override
    void check() {
      weight = weight(Contents.WEIGHT);
    }

    void run(int set) {
      group(set);
      backend.execute(
          new EmbeddingUpdate(gradSums, groups, SgdUpdate.plain(weight, Inputs.LEARNING_RATE)));
      backend.synchronize();
    }
  }

  /** Each touched row once, in memory that is used again. */
  @Benchmark
  public void sparse(Sparse calls, Traffic traffic) {
    calls.run(calls.next());
    traffic.add(calls.bagGradientBytes());
  }

  /** A fused step of SGD, whose sums are those that {@code sparse} checks. */
  @Benchmark
  public void step(Step calls, Traffic traffic) {
    calls.run(calls.next());
    traffic.add(calls.bagUpdateBytes());
  }
}
