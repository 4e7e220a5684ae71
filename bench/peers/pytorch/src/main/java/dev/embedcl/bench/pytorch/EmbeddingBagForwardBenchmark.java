package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import java.util.concurrent.TimeUnit;
import org.bytedeco.pytorch.EmbeddingBagFuncOptions;
import org.bytedeco.pytorch.T_TensorTensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.kSum;
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

/** Sums of bags. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagForwardBenchmark {

  /** The table, and the ids a bag to a row. */
  @State(Scope.Benchmark)
  public static class Calls extends BagTensors {
    private Tensor weight;
    private Tensor[] rectangles;
    private EmbeddingBagFuncOptions options;

    /** Checks both ways. */
    @Setup(Level.Trial)
    public void prepare() {
      openBags();
      weight = weight(Contents.WEIGHT);
      options = new EmbeddingBagFuncOptions();
      options.mode().put(new kSum());
      rectangles = new Tensor[sets()];
      for (int set = 0; set < sets(); set++) {
        rectangles[set] = idTensors[set].view(batchSize(), seqLen());
        try (T_TensorTensorTensorTensor_T byOffsets = sum(set);
            Tensor byRows = sumOfRows(set)) {
          reference().requireBagSums(memory(byOffsets.get0()), set);
          reference().requireBagSums(memory(byRows), set);
        }
      }
    }

    T_TensorTensorTensorTensor_T sum(int set) {
      return sum(weight, set, false);
    }

    Tensor sumOfRows(int set) {
      return torch.embedding_bag(rectangles[set], weight, options);
    }
  }

  /** Ids in one row, and offsets. */
  @Benchmark
  public void offsets(Calls calls, Traffic traffic) {
    calls.sum(calls.next()).close();
    traffic.add(calls.bagBytes());
  }

  /** Ids a bag to a row, by {@code torch.nn.functional}. */
  @Benchmark
  public void rectangle(Calls calls, Traffic traffic) {
    calls.sumOfRows(calls.next()).close();
    traffic.add(calls.bagBytes());
  }
}
