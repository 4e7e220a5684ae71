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
    return torch.empty(count(), embeddingDim());
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

  static Tensor filled(Contents contents, long... shape) {
    Tensor tensor = torch.empty(shape);
    contents.fill(memory(tensor));
    return tensor;
  }

  /** Returns a contiguous tensor's own memory. */
  static MemorySegment memory(Tensor tensor) {
    if (!tensor.is_contiguous()) {
      throw new IllegalStateException("tensor is not contiguous");
    }
    return MemorySegment.ofAddress(tensor.data_ptr().address()).reinterpret(tensor.nbytes());
  }
}
