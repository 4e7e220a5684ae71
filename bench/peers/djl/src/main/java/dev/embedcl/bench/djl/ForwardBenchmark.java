package dev.embedcl.bench.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.pytorch.jni.JniUtils;
import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import dev.embedcl.bench.Traffic;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Forward pass, as DJL's own embedding block does it. DJL has no way to write into memory that is
 * there.
 */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ForwardBenchmark {

  /** Both tables as arrays of one manager. */
  @State(Scope.Benchmark)
  public static class Calls extends Inputs {

    /** Threads of one operation. */
    @Param({"1", "2"})
    public int threads;

    private NDManager manager;
    private NDArray weight;
    private NDArray positions;
    private NDArray[] indices;

    /** Checks each set. */
    @Setup(Level.Trial)
    public void prepare() {
      draw();
      manager = NDManager.newBaseManager(Device.cpu(), "PyTorch");
      apply();
      weight = filled(Contents.WEIGHT, numEmbeddings);
      positions = filled(Contents.POSITIONS, seqLen());
      indices = new NDArray[sets()];
      for (int set = 0; set < sets(); set++) {
        indices[set] = manager.create(idsAsLongs(set), new Shape(batchSize(), seqLen()));
        try (NDArray output = forward(set)) {
          reference().requireOutput(MemorySegment.ofBuffer(output.toByteBuffer()), set);
        }
      }
    }

    /** The setting belongs to the thread that calls. */
    @Setup(Level.Iteration)
    public void apply() {
      JniUtils.setNumThreads(threads);
      JniUtils.setGradMode(false);
    }

    /** Frees all arrays. */
    @TearDown(Level.Trial)
    public void close() {
      manager.close();
    }

    NDArray forward(int set) {
      NDList rows = weight.getNDArrayInternal().embedding(indices[set], weight, SparseFormat.DENSE);
      return rows.singletonOrThrow().addi(positions);
    }

    private NDArray filled(Contents contents, int rows) {
      long bytes = Float.BYTES * (long) rows * embeddingDim();
      MemorySegment memory = Arena.ofAuto().allocate(bytes, 64);
      contents.fill(memory);
      return manager.create(
          memory.asByteBuffer().order(ByteOrder.nativeOrder()),
          new Shape(rows, embeddingDim()),
          DataType.FLOAT32);
    }
  }

  /** {@code embedding} and {@code addi}. */
  @Benchmark
  public void freshEmbedding(Calls calls, Traffic traffic) {
    calls.forward(calls.next()).close();
    traffic.add(calls.forwardBytes());
  }
}
