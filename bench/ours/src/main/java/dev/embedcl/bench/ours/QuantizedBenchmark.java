package dev.embedcl.bench.ours;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.Bags;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Operation;
import dev.embedcl.op.Positions;
import dev.embedcl.op.QuantizedMatrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
 * Rows of 8 bits with scale and offset, into outputs of float32: beside {@link ForwardBenchmark}
 * and {@link EmbeddingBagForwardBenchmark}, whose inputs these are. For bags {@code -p
 * shape=4096x50x128 -p numEmbeddings=1000000 -p ids=uniform}.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class QuantizedBenchmark {

  /** The table, and what is done with it. */
  @State(Scope.Benchmark)
  public static class Calls extends Tables {
    /** What the contents are above, so that a byte holds them. */
    private static final int OFFSET = -8;

    private Operation[] operations;
    private QuantizedMatrix weight;

    /** Makes the table. */
    @Setup(Level.Trial)
    public void prepare() {
      open();
      weight = table();
      operations = new Operation[sets()];
    }

    private QuantizedMatrix table() {
      int rowBytes = embeddingDim() + QuantizedMatrix.TAIL_BYTES;
      DeviceBuffer buffer = backend.allocate(DType.UINT8, (long) numEmbeddings * rowBytes);
      ByteBuffer row = ByteBuffer.allocate(rowBytes).order(ByteOrder.LITTLE_ENDIAN);
      for (long r = 0; r < numEmbeddings; r++) {
        row.clear();
        for (int d = 0; d < embeddingDim(); d++) {
          row.put((byte) (Contents.WEIGHT.at(r * embeddingDim() + d) - OFFSET));
        }
        row.putFloat(1).putFloat(OFFSET);
        buffer.write(r * rowBytes, MemorySegment.ofArray(row.array()));
      }
      return new QuantizedMatrix(buffer, numEmbeddings, embeddingDim());
    }

    long rowBytes() {
      return count() * (Integer.BYTES + weight.rowBytes());
    }

    void run() {
      backend.execute(operations[next()]);
      backend.synchronize();
    }
  }

  /** Ids looked up, positions added. */
  public static class Lookups extends Calls {
    /** Builds the operations, and checks the result of each. */
    @Setup(Level.Trial)
    public void prepareLookups() {
      Positions positions = new Positions(positions(Contents.POSITIONS), 0);
      Matrix out = output();
      for (int set = 0; set < sets(); set++) {
        super.operations[set] =
            new EmbeddingForward(
                super.weight, idBuffers[set], positions, out, batchSize(), seqLen());
        backend.execute(super.operations[set]);
        reference().requireOutput(read(out), set);
      }
    }
  }

  /** Sums of bags, one bag to a sequence. */
  public static class Sums extends Calls {
    /** Builds the operations, and checks the result of each. */
    @Setup(Level.Trial)
    public void prepareSums() {
      DeviceBuffer offsets = bagOffsets();
      Matrix out = matrix(batchSize());
      for (int set = 0; set < sets(); set++) {
        Bags bags = new Bags(idBuffers[set], offsets, count(), batchSize(), IndexGroups.NO_PADDING);
        super.operations[set] =
            new EmbeddingBagForward(super.weight, bags, BagMode.SUM, null, out, null);
        backend.execute(super.operations[set]);
        reference().requireBagSums(read(out), set);
      }
    }
  }

  /** Token rows and positions added. */
  @Benchmark
  public void forward(Lookups calls, Traffic traffic) {
    calls.run();
    traffic.add(calls.rowBytes() + 4L * calls.embeddingDim() * (calls.count() + calls.seqLen()));
  }

  /** Sums of bags. */
  @Benchmark
  public void bagSums(Sums calls, Traffic traffic) {
    calls.run();
    traffic.add(calls.rowBytes() + 4L * calls.embeddingDim() * calls.batchSize());
  }
}
