package dev.embedcl.bench.pytorch;

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

/** The gradient of sums of bags. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagBackwardBenchmark {

  /** The gradient of the sums. */
  @State(Scope.Benchmark)
  public static class Calls extends BagTensors {
    private Tensor gradSums;

    /** Checks one gradient. */
    @Setup(Level.Trial)
    public void prepare() {
      openBags();
      gradSums = gradSums();
      try (Tensor sparse = coalesced(0);
          Tensor rows = sparse.indices();
          Tensor values = sparse.values()) {
        reference()
            .requireBagSparse(memory(rows).toArray(ValueLayout.JAVA_LONG), memory(values), 0);
      }
    }

    Tensor coalesced(int set) {
      try (Tensor gradRows = gradRows(gradSums);
          Tensor sparse =
              torch.embedding_sparse_backward(gradRows, idTensors[set], numEmbeddings, -1, false)) {
        return sparse.coalesce();
      }
    }
  }

  /** What autograd does for {@code sparse=True}, with each row once. */
  @Benchmark
  public void sparseCoalesced(Calls calls, Traffic traffic) {
    calls.coalesced(calls.next()).close();
    traffic.add(calls.bagGradientBytes());
  }
}
