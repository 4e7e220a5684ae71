package dev.embedcl.bench;

import dev.embedcl.op.EmbeddingForward;
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

/** Forward pass from ids on the device to an output that the device has finished. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class EmbeddingForwardBenchmark {

  /** One operation for each set of ids. */
  @State(Scope.Benchmark)
  public static class Calls {
    EmbeddingForward[] operations;
    long bytes;

    /** Builds the operations, and checks the result of each. */
    @Setup(Level.Trial)
    public void prepare(Batch batch) {
      operations = new EmbeddingForward[batch.idSets.length];
      bytes = batch.forwardBytes();
      float[] weight = batch.read(batch.weight);
      float[] positions = batch.read(batch.positionTable);
      int dim = batch.embeddingDim;
      for (int set = 0; set < operations.length; set++) {
        operations[set] =
            new EmbeddingForward(
                batch.weight,
                batch.idBuffers[set],
                batch.positions,
                batch.output,
                batch.batchSize,
                batch.seqLen);
        batch.backend.execute(operations[set]);
        float[] output = batch.read(batch.output);
        for (int i = 0; i < output.length; i++) {
          int row = batch.idSets[set][i / dim];
          int position = i / dim % batch.seqLen;
          Batch.require(
              output[i] == weight[row * dim + i % dim] + positions[position * dim + i % dim],
              "output of set " + set);
        }
      }
    }
  }

  @Benchmark
  public void forward(Batch batch, Calls calls, Traffic traffic) {
    batch.backend.execute(calls.operations[batch.next()]);
    batch.backend.synchronize();
    traffic.gigabytesMoved += 1e-9 * calls.bytes;
  }
}
