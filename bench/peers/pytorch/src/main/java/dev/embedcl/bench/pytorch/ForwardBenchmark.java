package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.T_TensorTensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
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

/** Forward pass: gather, then positions added in place, or both at once as a bag of two. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ForwardBenchmark {

  /** Both tables, and an output that is there. */
  @State(Scope.Benchmark)
  public static class Calls extends Tensors {
    private Tensor weight;
    private Tensor positions;
    private Tensor output;
    private Tensor outputBySequence;

    /** Checks both ways. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = weight(Contents.WEIGHT);
      positions = positions(Contents.POSITIONS);
      output = output();
      outputBySequence = bySequence(output);
      for (int set = 0; set < sets(); set++) {
        into(set);
        requireOutput(output, set);
      }
      try (Tensor fresh = fresh(0)) {
        requireOutput(fresh, 0);
      }
    }

    void into(int set) {
      torch.index_select_out(output, weight, 0, idTensors[set]);
      outputBySequence.add_(positions);
    }

    Tensor fresh(int set) {
      Tensor rows = torch.embedding(weight, idTensors[set]);
      try (Tensor view = bySequence(rows)) {
        view.add_(positions);
      }
      return rows;
    }
  }

  /** One table that holds tokens, then positions; a bag of two ids is one row of the output. */
  @State(Scope.Benchmark)
  public static class Bags extends Tensors {
    private Tensor table;
    private Tensor[] pairs;
    private Tensor offsets;
    private TensorOptional noWeights;

    /** Checks the sums of the bags. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      try (Tensor weight = weight(Contents.WEIGHT);
          Tensor positions = positions(Contents.POSITIONS)) {
        table = torch.empty(numEmbeddings + seqLen(), embeddingDim());
        memory(table).copyFrom(memory(weight));
        memory(table).asSlice(weight.nbytes()).copyFrom(memory(positions));
      }
      pairs = new Tensor[sets()];
      long[] starts = new long[count()];
      for (int set = 0; set < sets(); set++) {
        long[] pair = new long[2 * count()];
        for (int n = 0; n < count(); n++) {
          pair[2 * n] = ids(set)[n];
          pair[2 * n + 1] = numEmbeddings + n % seqLen();
          starts[n] = 2L * n;
        }
        pairs[set] = longs(pair, pair.length);
      }
      offsets = longs(starts, starts.length);
      noWeights = new TensorOptional();
      try (T_TensorTensorTensorTensor_T result = sum(0)) {
        requireOutput(result.get0(), 0);
      }
    }

    T_TensorTensorTensorTensor_T sum(int set) {
      return torch.embedding_bag(table, pairs[set], offsets, false, 0, false, noWeights, false);
    }
  }

  /** {@code index_select_out} and {@code add_}, into memory that is there. */
  @Benchmark
  public void intoIndexSelectOut(Calls calls, Traffic traffic) {
    calls.into(calls.next());
    traffic.add(calls.forwardBytes());
  }

  /** {@code embedding} and {@code add_}. */
  @Benchmark
  public void freshEmbedding(Calls calls, Traffic traffic) {
    calls.fresh(calls.next()).close();
    traffic.add(calls.forwardBytes());
  }

  /** {@code embedding_bag} in mode sum. */
  @Benchmark
  public void freshEmbeddingBag(Bags calls, Traffic traffic) {
    calls.sum(calls.next()).close();
    traffic.add(calls.forwardBytes());
  }
}
