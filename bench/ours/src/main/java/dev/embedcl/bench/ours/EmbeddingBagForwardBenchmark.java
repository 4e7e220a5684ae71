package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.Bags;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
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
 * Sums of bags, one bag to a sequence, from ids on the device to sums that the device has finished.
 * The shape it is meant for: {@code -p shape=4096x50x128 -p numEmbeddings=1000000 -p ids=uniform}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class EmbeddingBagForwardBenchmark {

  /** One operation for each set of ids. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    private EmbeddingBagForward[] operations;

    /** Builds the operations, and checks the result of each. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      Matrix weight = weight(Contents.WEIGHT);
      Matrix sums = matrix(batchSize());
      DeviceBuffer offsets = offsets();
      operations = new EmbeddingBagForward[sets()];
      for (int set = 0; set < operations.length; set++) {
        Bags bags = new Bags(idBuffers[set], offsets, count(), batchSize(), IndexGroups.NO_PADDING);
        operations[set] = new EmbeddingBagForward(weight, bags, BagMode.SUM, null, sums, null);
        backend.execute(operations[set]);
        try (Arena arena = Arena.ofConfined()) {
          reference().requireBagSums(read(sums, arena), set);
        }
      }
    }

    private DeviceBuffer offsets() {
      int[] offsets = new int[batchSize() + 1];
      for (int bag = 0; bag <= batchSize(); bag++) {
        offsets[bag] = bag * seqLen();
      }
      DeviceBuffer buffer = backend.allocate(DType.INT32, offsets.length);
      buffer.write(MemorySegment.ofArray(offsets));
      return buffer;
    }

    void run() {
      backend.execute(operations[next()]);
      backend.synchronize();
    }
  }

  /** Into memory that is there. */
  @Benchmark
  public void into(Calls calls, Traffic traffic) {
    calls.run();
    traffic.add(calls.bagBytes());
  }
}
