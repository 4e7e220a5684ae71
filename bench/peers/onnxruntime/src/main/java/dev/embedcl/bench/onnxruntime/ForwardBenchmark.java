package dev.embedcl.bench.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Traffic;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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

/** Forward pass, {@code Gather} and {@code Add}; the tables are inputs of the model. */
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 2, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Fork(1)
public class ForwardBenchmark {

  /** A session, its inputs for each set, and an output that is there. */
  @State(Scope.Benchmark)
  public static class Calls extends Sessions {
    private final List<Map<String, OnnxTensor>> inputs = new ArrayList<>();
    private Map<String, OnnxTensor> outputs;

    /** Checks both ways. */
    @Setup(Level.Trial)
    public void prepare() throws OrtException {
      draw();
      long[] indexShape = {batchSize(), seqLen()};
      long[] weightShape = {numEmbeddings, embeddingDim()};
      long[] positionsShape = {seqLen(), embeddingDim()};
      long[] outputShape = {batchSize(), seqLen(), embeddingDim()};
      open(
          new OnnxModel()
              .input("weight", OnnxModel.FLOAT, weightShape)
              .input("indices", OnnxModel.INT32, indexShape)
              .input("positions", OnnxModel.FLOAT, positionsShape)
              .node("Gather", List.of("weight", "indices"), "rows")
              .node("Add", List.of("rows", "positions"), "output")
              .output("output", OnnxModel.FLOAT, outputShape));
      OnnxTensor weight = filled(Contents.WEIGHT, weightShape);
      OnnxTensor positions = filled(Contents.POSITIONS, positionsShape);
      MemorySegment memory = allocateFloats(outputShape);
      outputs = Map.of("output", floats(memory, outputShape));
      for (int set = 0; set < sets(); set++) {
        inputs.add(
            Map.of("weight", weight, "indices", indices(set, indexShape), "positions", positions));
        into(set);
        reference().requireOutput(memory, set);
      }
      try (OrtSession.Result result = session.run(inputs.getFirst())) {
        OnnxTensor output = (OnnxTensor) result.get(0);
        reference().requireOutput(MemorySegment.ofBuffer(output.getFloatBuffer()), 0);
      }
    }

    void into(int set) throws OrtException {
      session.run(inputs.get(set), outputs).close();
    }

    void fresh(int set) throws OrtException {
      session.run(inputs.get(set)).close();
    }
  }

  /** The output is memory that is there. */
  @Benchmark
  public void intoGather(Calls calls, Traffic traffic) throws OrtException {
    calls.into(calls.next());
    traffic.add(calls.forwardBytes());
  }

  /** The output is the runtime's own memory. */
  @Benchmark
  public void freshGather(Calls calls, Traffic traffic) throws OrtException {
    calls.fresh(calls.next());
    traffic.add(calls.forwardBytes());
  }
}
