package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
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

/** Forward pass, then backward pass and Adam on touched rows for a gradient that is given. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class AdamStepBenchmark {

  /** A training loop with {@code sparse=True} and PyTorch's own sequence of operations. */
  @State(Scope.Benchmark)
  public static class Loop extends Autograd {
    private SparseAdam tokens;
    private SparseAdam places;

    /** Made by JMH. */
    public Loop() {
      super(true);
    }

    @Override
    final void check() {
      tokens = new SparseAdam(weight.detach());
      places = new SparseAdam(positions.detach());
      for (int set = 0; set < adamReference().steps(); set++) {
        step(set).close();
      }
      adamReference().require(memory(weight), memory(positions));
    }

    @Override
    final void optimize() {
      try (Tensor gradWeight = weight.grad();
          Tensor gradPositions = positions.grad();
          Tensor coalesced = gradWeight.coalesce()) {
        tokens.sparseMask(coalesced);
        places.dense(gradPositions);
      }
      weight.mutable_grad().reset();
      positions.mutable_grad().reset();
    }
  }

  /** No autograd, and the rows of each table gathered and scattered by {@code index_…}. */
  @State(Scope.Benchmark)
  public static class ByHand extends Tensors {
    private Tensor weight;
    private Tensor positions;
    private Tensor output;
    private Tensor outputBySequence;
    private Tensor gradOutput;
    private Tensor gradBySequence;
    private SparseAdam tokens;
    private SparseAdam places;

    /** Checks steps. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = weight(Contents.WEIGHT);
      positions = positions(Contents.POSITIONS);
      output = output();
      outputBySequence = bySequence(output);
      gradOutput = gradOutput();
      gradBySequence = bySequence(gradOutput);
      tokens = new SparseAdam(weight);
      places = new SparseAdam(positions);
      for (int set = 0; set < adamReference().steps(); set++) {
        step(set);
      }
      adamReference().require(memory(weight), memory(positions));
    }

    void step(int set) {
      torch.index_select_out(output, weight, 0, idTensors[set]);
      outputBySequence.add_(positions);
      try (Tensor sparse =
              torch.embedding_sparse_backward(
                  gradOutput, idTensors[set], numEmbeddings, -1, false);
          Tensor coalesced = sparse.coalesce();
          Tensor sums = torch.sum(gradBySequence, 0)) {
        tokens.indexSelect(coalesced);
        places.dense(sums);
      }
    }
  }

  /** Autograd, and what {@code torch.optim.SparseAdam} does. */
  @Benchmark
  public void autogradSparseMask(Loop calls, Traffic traffic) {
    calls.step(calls.next()).close();
    traffic.add(calls.adamStepBytes());
  }

  /** The same update by {@code index_select}, {@code index_copy_} and {@code index_add_}. */
  @Benchmark
  public void byHandIndexSelect(ByHand calls, Traffic traffic) {
    calls.step(calls.next());
    traffic.add(calls.adamStepBytes());
  }
}
