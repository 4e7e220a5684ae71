package dev.embedcl.bench.onnxruntime;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** The inputs as tensors on memory outside the heap, which the runtime uses as it is. */
@State(Scope.Benchmark)
public abstract class Sessions extends Inputs {

  /** Threads of one operation. */
  @Param({"1", "2"})
  public int threads;

  OrtEnvironment environment;
  OrtSession session;

  /** Starts a session of a model. */
  final void open(OnnxModel model) throws OrtException {
    environment = OrtEnvironment.getEnvironment();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
      session = environment.createSession(model.bytes(), options);
    }
  }

  /** Frees the session. */
  @TearDown(Level.Trial)
  public void close() throws OrtException {
    session.close();
  }

  final OnnxTensor indices(int set, long... shape) throws OrtException {
    MemorySegment source = MemorySegment.ofArray(ids(set));
    MemorySegment target = allocate(source.byteSize());
    target.copyFrom(source);
    return OnnxTensor.createTensor(environment, buffer(target).asIntBuffer(), shape);
  }

  final OnnxTensor floats(MemorySegment memory, long... shape) throws OrtException {
    return OnnxTensor.createTensor(environment, buffer(memory).asFloatBuffer(), shape);
  }

  final OnnxTensor filled(Contents contents, long... shape) throws OrtException {
    MemorySegment memory = allocateFloats(shape);
    contents.fill(memory);
    return floats(memory, shape);
  }

  static MemorySegment allocateFloats(long... shape) {
    return allocate(Arrays.stream(shape).reduce(Float.BYTES, Math::multiplyExact));
  }

  private static MemorySegment allocate(long bytes) {
    return Arena.ofAuto().allocate(bytes, 64);
  }

  private static ByteBuffer buffer(MemorySegment memory) {
    return memory.asByteBuffer().order(ByteOrder.nativeOrder());
  }
}
