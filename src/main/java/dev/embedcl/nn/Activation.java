package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * What a layer's forward pass gives: vectors on the device, [batchSize, seqLen, embeddingDim], or
 * of an {@link EmbeddingBag} one for each bag, [bags, embeddingDim].
 *
 * <p>A view that owns nothing and need not be closed. The memory of {@code forward} is the layer's
 * and is used again by the layer's next {@code forward}, from when on this view refuses to be read;
 * the memory of {@code forwardInto} is the caller's.
 */
public final class Activation {
  private final Backend backend;
  private final Matrix matrix;
  private final Shape shape;
  private volatile boolean overwritten;

  Activation(Backend backend, Matrix matrix, Shape shape) {
    this.backend = backend;
    this.matrix = matrix;
    this.shape = shape;
  }

  /** Returns the number of sequences, or of bags. */
  public int batchSize() {
    return (int) shape.size(0);
  }

  /** Returns the number of vectors to a sequence; 1 to a bag. */
  public int seqLen() {
    return shape.rank() == 2 ? 1 : (int) shape.size(1);
  }

  /** Returns the length of a vector. */
  public int embeddingDim() {
    return matrix.columns();
  }

  /** Returns the type of the vectors' elements: the token table's, or float32. */
  public DType dtype() {
    return matrix.type();
  }

  /** Returns the shape [batchSize, seqLen, embeddingDim], or [bags, embeddingDim]. */
  public Shape shape() {
    return shape;
  }

  /**
   * Returns the vectors as a matrix [batchSize * seqLen, embeddingDim], as operations take it.
   *
   * @throws IllegalStateException if the layer's next {@code forward} has reused the memory
   */
  public Matrix matrix() {
    requireCurrent();
    return matrix;
  }

  /**
   * Returns the memory that begins with the vectors; it may be larger. Do not close it unless you
   * gave it.
   *
   * @throws IllegalStateException if the layer's next {@code forward} has reused the memory
   */
  public DeviceBuffer buffer() {
    requireCurrent();
    return matrix.buffer();
  }

  /**
   * Copies the vectors to host memory, once they are computed.
   *
   * @param target receives {@code batchSize * seqLen * embeddingDim} elements of {@link #dtype()},
   *     little-endian
   * @throws IllegalArgumentException if {@code target} has another size or is read-only
   * @throws IllegalStateException if the layer's next {@code forward} has reused the memory, or the
   *     layer, the backend or the target's arena was closed
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   */
  public void read(MemorySegment target) {
    requireCurrent();
    requireArgument(
        target.byteSize() == shape().elements() * dtype().bytes(),
        "target has %d bytes; an output of shape %s takes %d",
        target.byteSize(),
        shape(),
        shape().elements() * dtype().bytes());
    // Reading waits anyway, and only this reports ids that the device had to skip.
    backend.synchronize();
    matrix.buffer().read(target);
  }

  /**
   * Copies the vectors to a new tensor of their shape and of {@link #dtype()}, which the caller
   * closes.
   *
   * @throws IllegalStateException if the layer's next {@code forward} has reused the memory, or the
   *     layer or the backend was closed
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   */
  public HostTensor toHost() {
    requireCurrent();
    backend.synchronize();
    return TableValues.hostCopy(matrix.buffer(), shape());
  }

  @Override
  public String toString() {
    return "Activation" + shape();
  }

  /** Tells that the memory is about to hold something else. */
  void overwrite() {
    overwritten = true;
  }

  private void requireCurrent() {
    if (overwritten) {
      throw new IllegalStateException(
          this
              + " was overwritten by a later forward of its layer, or the layer was closed; read it"
              + " before, or call forwardInto with a buffer of your own");
    }
  }
}
