package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.SgdUpdate;
import dev.embedcl.op.StochasticUpdate;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Tables of 16 bits beside float32. What a step costs follows the batch and not the table: {@code
 * bench/run StorageBenchmark.sgd -p numEmbeddings=20000,20000000 -p shape=8x1024x64 -p
 * storage=FLOAT16}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class StorageBenchmark {

  /** Tables of one type, outputs of that type and of float32, and the groups of each set of ids. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    /** How tables are stored. */
    @Param({"FLOAT32", "FLOAT16", "BFLOAT16"})
    public DType storage;

    private IndexGroups[] groups;
    private Matrix weight;
    private Positions positions;
    private Matrix output;
    private Matrix wideOutput;
    private Matrix gradOutput;
    private long step;

    /** Makes the tables, and checks a forward pass into each output. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = stored(storage, numEmbeddings, Contents.WEIGHT);
      positions = new Positions(stored(storage, seqLen(), Contents.POSITIONS), 0);
      output = stored(storage, count(), Contents.WEIGHT);
      wideOutput = output();
      gradOutput = gradOutput();
      groups = new IndexGroups[sets()];
      for (int set = 0; set < sets(); set++) {
        groups[set] = IndexGroups.of(ids(set), numEmbeddings);
      }
      forward(output, 0);
      check(output);
      forward(wideOutput, 0);
      check(wideOutput);
    }

    void forward(Matrix out, int set) {
      backend.execute(
          new EmbeddingForward(weight, idBuffers[set], positions, out, batchSize(), seqLen()));
      backend.synchronize();
    }

    void update(boolean stochastic) {
      // Back and forth, so that the weights stay small whole numbers.
      float rate = step++ / sets() % 2 == 0 ? Inputs.LEARNING_RATE : -Inputs.LEARNING_RATE;
      backend.execute(
          new EmbeddingUpdate(
              gradOutput, groups[next()], rounded(SgdUpdate.plain(weight, rate), stochastic)));
      backend.execute(
          new PositionUpdate(
              gradOutput,
              rounded(SgdUpdate.plain(positions.table(), rate), stochastic),
              0,
              batchSize(),
              seqLen()));
      backend.synchronize();
    }

    private RowUpdate rounded(RowUpdate update, boolean stochastic) {
      return stochastic && storage != DType.FLOAT32
          ? new StochasticUpdate(update, 1, step)
          : update;
    }

    private void check(Matrix out) {
      try (HostTensor stored = HostTensor.allocate(out.type(), Shape.of(count(), embeddingDim()));
          HostTensor host = read(out, stored)) {
        float[] actual = host.toFloatArray();
        for (int i = 0; i < actual.length; i++) {
          int n = i / embeddingDim();
          int d = i % embeddingDim();
          float expected =
              Contents.WEIGHT.at((long) ids(0)[n] % (17 << 10) * embeddingDim() + d)
                  + Contents.POSITIONS.at((long) (n % seqLen()) * embeddingDim() + d);
          if (actual[i] != expected) {
            throw new IllegalStateException(
                "output [" + n + ", " + d + "] = " + actual[i] + " instead of " + expected);
          }
        }
      }
    }

    private static HostTensor read(Matrix out, HostTensor stored) {
      out.buffer().read(stored.segment());
      return stored.to(DType.FLOAT32);
    }
  }

  /** Into an output of the tables' type. */
  @Benchmark
  public void forward(Calls calls, Traffic traffic) {
    calls.forward(calls.output, calls.next());
    traffic.add(calls.forwardBytes() * calls.storage.bytes() / Float.BYTES);
  }

  /** Into an output of float32. */
  @Benchmark
  public void forwardToFloat32(Calls calls, Traffic traffic) {
    calls.forward(calls.wideOutput, calls.next());
    traffic.add(calls.forwardBytes());
  }

  /** Backward and SGD in one, row groups made before; weights rounded to the nearest. */
  @Benchmark
  public void sgd(Calls calls, Traffic traffic) {
    calls.update(false);
    traffic.add(calls.backwardBytes());
  }

  /** The same, weights rounded at random. */
  @Benchmark
  public void sgdStochastic(Calls calls, Traffic traffic) {
    calls.update(true);
    traffic.add(calls.backwardBytes());
  }
}
