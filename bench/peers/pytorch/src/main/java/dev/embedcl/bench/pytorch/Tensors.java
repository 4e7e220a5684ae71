package dev.embedcl.bench.pytorch;

import dev.embedcl.bench.Contents;
import dev.embedcl.bench.Inputs;
import java.lang.foreign.MemorySegment;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * The inputs as tensors. Results are closed as soon as they have been made, which frees them at
 * once, as it would in C++.
 */
@State(Scope.Benchmark)
public abstract class Tensors extends Inputs {

  /** Threads of one operation. */
  @Param({"1", "2"})
  public int threads;

  /** Sets of ids, [batchSize * seqLen], int64. */
  Tensor[] idTensors;

  private @Nullable InferenceMode inferenceMode;

  /** Both settings belong to the thread that calls. */
  @Setup(Level.Iteration)
  public final void enter() {
    torch.set_num_threads(threads);
    if (inference()) {
      inferenceMode = new InferenceMode(true);
    }
  }

  /** Ends what {@link #enter} began. */
  @TearDown(Level.Iteration)
  public final void leave() {
    if (inferenceMode != null) {
      inferenceMode.close();
    }
  }

  /** Returns whether nothing is recorded for gradients, PyTorch's fastest mode. */
  boolean inference() {
    return true;
  }

  /** Draws the ids and makes tensors of them. */
  final void open() {
    draw();
    torch.set_num_threads(threads);
    idTensors = new Tensor[sets()];
    for (int set = 0; set < sets(); set++) {
      idTensors[set] = longs(idsAsLongs(set), count());
    }
  }

  final Tensor weight(Contents contents) {
    return filled(contents, numEmbeddings, embeddingDim());
  }

  final Tensor positions(Contents contents) {
    return filled(contents, seqLen(), embeddingDim());
  }

  final Tensor output() {
    try (TensorOptions type = new TensorOptions(type())) {
      return torch.empty(new long[] {count(), embeddingDim()}, type, null);
    }
  }

  /** Autograd wants a gradient of the output's type. */
  @Override
  protected final int gradientBytes() {
    return storage.bytes();
  }

  final Tensor gradOutput() {
    return filled(Contents.GRAD_OUTPUT, count(), embeddingDim());
  }

  /** Returns a view by sequences, [batchSize, seqLen, embeddingDim]. */
  final Tensor bySequence(Tensor rows) {
    return rows.view(batchSize(), seqLen(), embeddingDim());
  }

  static Tensor longs(long[] values, long... shape) {
    try (TensorOptions type = new TensorOptions(torch.ScalarType.Long)) {
      Tensor tensor = torch.empty(shape, type, null);
      memory(tensor).copyFrom(MemorySegment.ofArray(values));
      return tensor;
    }
  }

  /** Returns a tensor that has all numbers of the contents, whatever its type. */
  final Tensor filled(Contents contents, long... shape) {
    try (Tensor floats = torch.empty(shape)) {
      contents.fill(memory(floats));
      return floats.to(type());
    }
  }

  /** Checks an output of any type. */
  final void requireOutput(Tensor output, int set) {
    try (Tensor floats = floats(output)) {
      reference().requireOutput(memory(floats), set);
    }
  }

  /** Checks tables of any type after one step of SGD with the first set of ids. */
  final void requireStep(Tensor weight, Tensor positions) {
    try (Tensor weightFloats = floats(weight);
        Tensor positionFloats = floats(positions)) {
      reference().requireStep(memory(weightFloats), memory(positionFloats), 0);
    }
  }

  private static Tensor floats(Tensor tensor) {
    return tensor.to(torch.ScalarType.Float);
  }

  private torch.ScalarType type() {
    return switch (storage) {
      case FLOAT32 -> torch.ScalarType.Float;
      case FLOAT16 -> torch.ScalarType.Half;
      case BFLOAT16 -> torch.ScalarType.BFloat16;
    };
  }

  /** Returns a contiguous tensor's own memory. */
  static MemorySegment memory(Tensor tensor) {
    if (!tensor.is_contiguous()) {
      throw new IllegalStateException("tensor is not contiguous");
    }
    return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
  }
}
