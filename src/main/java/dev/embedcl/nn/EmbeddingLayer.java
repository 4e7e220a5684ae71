package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.Accumulation;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * What layers that look up rows by id have in common: {@code forward}, and the gradient of the
 * latest {@code forward}, which either {@code backward} adds to the parameters or an optimizer
 * takes unsummed through {@link #gradient}.
 *
 * <p>In the steady state, batches no larger than earlier ones, nothing is allocated on the device
 * and next to nothing on the Java heap. For one thread at a time; several layers on one backend may
 * be used by several threads.
 */
public abstract sealed class EmbeddingLayer implements TableLayer
    permits TokenEmbedding, InputEmbedding {
  private final Backend backend;
  private final Parameter weight;
  private final Lookup lookup;
  private final AtomicBoolean closed = new AtomicBoolean();

  EmbeddingLayer(Parameter weight, @Nullable Parameter positions, LookupOptions options) {
    this.backend = weight.backend();
    this.weight = weight;
    this.lookup = new Lookup(backend, weight, positions, options);
  }

  @Override
  public Backend backend() {
    return backend;
  }

  @Override
  public long numEmbeddings() {
    return weight.rows();
  }

  @Override
  public int embeddingDim() {
    return weight.columns();
  }

  @Override
  public abstract List<Parameter> parameters();

  /**
   * Looks up a batch of int ids; see {@link #forward(IndexBatch)}.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException if {@code indices} has not {@code batchSize * seqLen} ids, or
   *     the sequences are longer than the positional table
   * @throws IllegalStateException if this layer, a parameter or the backend was closed
   */
  public Activation forward(int[] indices, int batchSize, int seqLen) {
    return forward(IndexBatch.of(indices, batchSize, seqLen));
  }

  /**
   * Looks up a batch of long ids, PyTorch's default; see {@link #forward(IndexBatch)}.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException if {@code indices} has not {@code batchSize * seqLen} ids, or
   *     the sequences are longer than the positional table
   * @throws IllegalStateException if this layer, a parameter or the backend was closed
   */
  public Activation forward(long[] indices, int batchSize, int seqLen) {
    return forward(IndexBatch.of(indices, batchSize, seqLen));
  }

  /**
   * Looks up a batch: {@code out[b, t, :] = weight[indices[b, t], :]}, plus {@code positions[start
   * + t, :]} where the layer has positions. One addition per element: the same bits everywhere.
   *
   * @return the vectors [batchSize, seqLen, embeddingDim], perhaps still being computed, in memory
   *     of this layer that its next {@code forward} uses again
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings), before
   *     anything is changed; for ids on the device see {@link IndexBatch#onDevice}
   * @throws IllegalArgumentException if the sequences are longer than the positional table, or
   *     start elsewhere than at 0 without one; names both numbers, before anything is changed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the output
   * @throws IllegalStateException if this layer, a parameter or the backend was closed
   */
  public Activation forward(IndexBatch batch) {
    requireOpen();
    return lookup.forward(batch, null);
  }

  /**
   * Looks up a batch as {@link #forward(IndexBatch)} does, into memory of the caller.
   *
   * @param out receives [batchSize, seqLen, embeddingDim] from its first element on; may be larger,
   *     and what lies beyond stays. Must be of float32 or of the token table's type, of float64 if
   *     that is, of the same backend, and no parameter
   * @return a view of {@code out}
   * @throws IndexOutOfBoundsException as {@link #forward(IndexBatch)}
   * @throws IllegalArgumentException as {@link #forward(IndexBatch)}, and if {@code out} is too
   *     small or none that may be written
   * @throws IllegalStateException if this layer, a parameter, {@code out} or the backend was closed
   */
  public Activation forwardInto(IndexBatch batch, DeviceBuffer out) {
    requireOpen();
    return lookup.forward(batch, out);
  }

  @Override
  public void backward(DeviceBuffer gradOutput) {
    backward(gradOutput, Accumulation.DETERMINISTIC);
  }

  /**
   * Adds the gradient of the latest {@code forward} to the parameters' gradients, in a chosen
   * order. Called again, it adds again.
   *
   * @param gradOutput as in {@link #backward(DeviceBuffer)}
   * @param accumulation the order of the additions to the token table's gradient; where gradients
   *     are scaled by frequency, it is deterministic in any case
   * @throws IllegalArgumentException as in {@link #backward(DeviceBuffer)}
   * @throws IndexOutOfBoundsException as in {@link #backward(DeviceBuffer)}; with {@link
   *     Accumulation#ATOMIC} the backend's next {@code synchronize} throws it
   * @throws IllegalStateException as in {@link #backward(DeviceBuffer)}
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the gradients
   */
  public void backward(DeviceBuffer gradOutput, Accumulation accumulation) {
    requireOpen();
    lookup.backward(gradOutput, accumulation);
  }

  @Override
  public void backward(HostTensor gradOutput) {
    requireOpen();
    backward(lookup.upload(gradOutput));
  }

  @Override
  public BatchGradient gradient(DeviceBuffer gradOutput) {
    requireOpen();
    return lookup.gradient(gradOutput);
  }

  @Override
  public BatchGradient gradient(HostTensor gradOutput) {
    requireOpen();
    return lookup.gradient(lookup.upload(gradOutput));
  }

  @Override
  public void sparseGradientInto(DeviceBuffer gradOutput, SparseGradient target) {
    requireOpen();
    target.requireOf(weight);
    lookup.sparseGradient(gradOutput, target);
  }

  /**
   * Returns the gradient of the latest {@code forward} id by id: PyTorch's uncoalesced sparse
   * gradient. Its rows are the batch's ids in lookup order without padding, its values those rows
   * of {@code gradOutput}, each times its scale where gradients are scaled by frequency.
   *
   * @param gradOutput as in {@link #backward(DeviceBuffer)}
   * @return to be closed by the caller
   * @throws IllegalArgumentException as in {@link #gradient(DeviceBuffer)}
   * @throws IndexOutOfBoundsException as in {@link #gradient(DeviceBuffer)}
   * @throws IllegalStateException as in {@link #gradient(DeviceBuffer)}
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold it
   */
  public SparseGradient uncoalescedGradient(DeviceBuffer gradOutput) {
    requireOpen();
    SparseGradient gradient = new SparseGradient(weight);
    try {
      lookup.uncoalescedGradient(gradOutput, gradient);
      return gradient;
    } catch (RuntimeException | Error e) {
      gradient.close();
      throw e;
    }
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      lookup.close();
      closeOwned();
    }
  }

  /** Returns how ids are taken and gradients formed. */
  LookupOptions lookupOptions() {
    return lookup.options();
  }

  /** Closes what the layer made besides memory for batches. */
  abstract void closeOwned();

  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException(this + " was closed");
    }
  }
}
