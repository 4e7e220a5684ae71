package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
 * Backward pass. PyTorch promises no order of the additions here, unless it is told to use its
 * deterministic algorithms.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class BackwardBenchmark {

  /** The gradient of the output. */
  @State(Scope.Benchmark)
  public static class Calls extends Tensors {
    private Tensor gradOutput;
    private Tensor gradBySequence;

    /** Checks every way. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      gradOutput = gradOutput();
      gradBySequence = bySequence(gradOutput);
      check();
    }

    void check() {
      try (Tensor gradPositions = gradPositions();
          Tensor added = indexAdd(0);
          Tensor dense = embeddingDenseBackward(0);
          Tensor sparse = coalesced(0);
          Tensor rows = sparse.indices();
          Tensor values = sparse.values()) {
        reference().requireFresh(memory(added), memory(gradPositions), 0);
        reference().requireFresh(memory(dense), memory(gradPositions), 0);
        reference().requireSparse(memory(rows).toArray(ValueLayout.JAVA_LONG), memory(values), 0);
      }
    }

    final void add(int set, Tensor gradWeight) {
      gradWeight.index_add_(0, idTensors[set], gradOutput);
    }

    final Tensor gradPositions() {
      return torch.sum(gradBySequence, 0);
    }

    Tensor indexAdd(int set) {
      Tensor gradWeight = torch.zeros(numEmbeddings, embeddingDim());
      add(set, gradWeight);
      return gradWeight;
    }

    Tensor embeddingDenseBackward(int set) {
      return torch.embedding_dense_backward(gradOutput, idTensors[set], numEmbeddings, -1, false);
    }

    Tensor coalesced(int set) {
      try (Tensor sparse =
          torch.embedding_sparse_backward(gradOutput, idTensors[set], numEmbeddings, -1, false)) {
        return sparse.coalesce();
      }
    }
  }

  /** Gradients that exist already, besides. */
  @State(Scope.Benchmark)
  public static class Existing extends Calls {
    private Tensor gradWeight;
    private Tensor gradPositions;

    @Override
    void check() {
      gradWeight = weight(Contents.GRAD_WEIGHT);
      gradPositions = positions(Contents.GRAD_POSITIONS);
      addBoth(0);
      reference().requireAdded(memory(gradWeight), memory(gradPositions), 0);
    }

    void addBoth(int set) {
      add(set, gradWeight);
      try (Tensor sums = gradPositions()) {
        gradPositions.add_(sums);
      }
    }
  }

  /** {@code index_add_} into gradients that are there. */
  @Benchmark
  public void intoIndexAdd(Existing calls, Traffic traffic) {
    calls.addBoth(calls.next());
    traffic.add(calls.backwardBytes());
  }

  /** What {@code sparse=True} gives, with each row once. */
  @Benchmark
  public void sparseCoalesced(Calls calls, Traffic traffic) {
    calls.coalesced(calls.next()).close();
    calls.gradPositions().close();
    traffic.add(calls.sparseGradientBytes());
  }

  /** {@code index_add_} into fresh zeros. */
  @Benchmark
  public void freshIndexAdd(Calls calls, Traffic traffic) {
    calls.indexAdd(calls.next()).close();
    calls.gradPositions().close();
    traffic.add(calls.freshGradientBytes());
  }

  /** What autograd calls. */
  @Benchmark
  public void freshEmbeddingDenseBackward(Calls calls, Traffic traffic) {
    calls.embeddingDenseBackward(calls.next()).close();
    calls.gradPositions().close();
    traffic.add(calls.freshGradientBytes());
  }
}
