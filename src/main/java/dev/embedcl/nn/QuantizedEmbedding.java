package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.QuantizedMatrix;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * A table for inference whose rows take 8 bits a number, looked up by ids or by bags of ids: a
 * quarter of a {@link TokenEmbedding}'s or an {@link EmbeddingBag}'s memory and traffic. It has no
 * gradient.
 *
 * <pre>{@code
 * QuantizedEmbedding small = QuantizedEmbedding.of(tokens);        // after training
 * Activation vectors = small.forward(ids, 8, 1024);                // float32 [8, 1024, 256]
 * Activation sums = small.forward(BagBatch.of(members, offsets), BagMode.SUM); // [bags, 256]
 * }</pre>
 *
 * <p>Each row is quantised by itself, in float32, every operation rounded: {@code range = max -
 * min}, {@code scale = range / 255}, {@code offset = min}, {@code q = round((x - min) * (255 /
 * (range + 1e-8)))}, to the even one of two that are equally near. These are the bytes of PyTorch's
 * {@code torch.ops.quantized.embedding_bag_byte_prepack} for float32, bit for bit. A row of equal
 * numbers comes back as it was, for its scale is 0. Any other number comes back with an error of at
 * most {@code scale / 2 + 1e-8} and the roundings of float32; the second summand is that of
 * PyTorch's formula, and tells only in rows whose range is about 1e-6 or less.
 *
 * <p>Looked up, a number is {@code q * scale + offset}, the product rounded before the sum: the
 * same bits on every backend. What bags are made of, and in which order, tells {@link
 * dev.embedcl.op.EmbeddingBagForward}. PyTorch's {@code embedding_bag_byte} fuses product and sum
 * and adds in another order, so that it differs in the last bits. Rows are looked up as they were
 * quantised: a {@code maxNorm} of the layer they come from is not applied to them again.
 *
 * <p>In the steady state nothing is allocated on the device. For one thread at a time. Owns its
 * quantised table; closing the layer closes it.
 */
public final class QuantizedEmbedding implements AutoCloseable {
  private final Backend backend;
  private final QuantizedMatrix table;
  private final LookupOptions options;
  private final boolean includeLastOffset;
  private final QuantizedLookup lookup;
  private final AtomicBoolean closed = new AtomicBoolean();

  QuantizedEmbedding(
      Backend backend,
      QuantizedMatrix table,
      @Nullable PositionalEmbedding positions,
      LookupOptions options,
      boolean includeLastOffset) {
    this.backend = backend;
    this.table = table;
    this.options = options;
    this.includeLastOffset = includeLastOffset;
    DType output = options.outputDtype() == null ? DType.FLOAT32 : options.outputDtype();
    this.lookup =
        new QuantizedLookup(
            backend, table, positions == null ? null : positions.weight(), options, output);
  }

  /** Returns a builder, for options and for rows that were quantised before. */
  public static QuantizedEmbeddingBuilder builder(Backend backend) {
    return new QuantizedEmbeddingBuilder(backend);
  }

  /**
   * Quantises a layer's table, on its backend. Padding and the row for ids out of range are those
   * of the layer; the output is float32. The layer stays as it is.
   *
   * @throws IllegalArgumentException if a number of the table is not finite; names row and column
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold both tables
   * @throws IllegalStateException if the layer or the backend was closed
   */
  public static QuantizedEmbedding of(TokenEmbedding layer) {
    return of(layer.weight(), layer.options(), false);
  }

  /**
   * Quantises the table of a layer of bags, on its backend. Padding, the row for ids out of range
   * and the reading of offsets are those of the layer, whose mode {@link #forward(BagBatch,
   * BagMode)} is given; the output is float32. The layer stays as it is.
   *
   * @throws IllegalArgumentException if a number of the table is not finite; names row and column
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold both tables
   * @throws IllegalStateException if the layer or the backend was closed
   */
  public static QuantizedEmbedding of(EmbeddingBag layer) {
    return of(layer.weight(), layer.options(), layer.includeLastOffset());
  }

  /**
   * Quantises a table.
   *
   * @param weight float32, float16 or bfloat16, [numEmbeddings, embeddingDim]
   * @throws IllegalArgumentException if type or shape is another, or a number is not finite; names
   *     row and column
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the tensor was closed
   */
  public static QuantizedEmbedding of(Backend backend, HostTensor weight) {
    return builder(backend).weight(weight).build();
  }

  private static QuantizedEmbedding of(
      Parameter weight, LookupOptions options, boolean includeLastOffset) {
    QuantizedEmbeddingBuilder builder =
        builder(weight.backend()).weight(weight).includeLastOffset(includeLastOffset);
    options.padding().ifPresent(builder::paddingIdx);
    options.clampRow().ifPresent(builder::clampOutOfRangeTo);
    return builder.build();
  }

  /** Returns the backend that holds the table. */
  public Backend backend() {
    return backend;
  }

  /** Returns the number of rows: ids are in [0, numEmbeddings). */
  public long numEmbeddings() {
    return table.rows();
  }

  /** Returns the length of a vector. */
  public int embeddingDim() {
    return table.columns();
  }

  /** Returns the id that counts for nothing in bags, if there is one; not negative. */
  public OptionalLong paddingIdx() {
    return options.padding();
  }

  /** Returns the row that ids out of range stand for; empty where they are an error. */
  public OptionalLong clampOutOfRangeTo() {
    return options.clampRow();
  }

  /**
   * Returns the rows on the device, as operations take them. They stay this layer's: do not close
   * the buffer.
   *
   * @throws IllegalStateException if this layer was closed
   */
  public QuantizedMatrix matrix() {
    requireOpen();
    return table;
  }

  /**
   * Copies the rows to a new tensor, uint8 [numEmbeddings, embeddingDim + 8], each with its scale
   * and offset behind it; the caller closes it. What {@link QuantizedEmbeddingBuilder#packed} and
   * PyTorch's {@code embedding_bag_byte_unpack} take.
   *
   * @throws IllegalStateException if this layer or the backend was closed
   */
  public HostTensor packed() {
    requireOpen();
    return TableValues.hostCopy(table.buffer(), Shape.of(table.rows(), table.rowBytes()));
  }

  /**
   * Copies the rows as the numbers that they stand for to a new tensor, float32 [numEmbeddings,
   * embeddingDim], which the caller closes.
   *
   * @throws IllegalStateException if this layer or the backend was closed
   */
  public HostTensor dequantized() {
    requireOpen();
    return QuantizedRows.dequantized(table);
  }

  /**
   * Looks up a batch of int ids; see {@link #forward(IndexBatch)}.
   *
   * @param indices [batchSize, seqLen], sequence after sequence
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException as {@link #forward(IndexBatch)}, and if {@code indices} has
   *     not {@code batchSize * seqLen} ids
   * @throws IllegalStateException if this layer, its positions or the backend was closed
   */
  public Activation forward(int[] indices, int batchSize, int seqLen) {
    return forward(IndexBatch.of(indices, batchSize, seqLen));
  }

  /**
   * Looks up a batch: {@code out[b, t, :] = row(indices[b, t])}, plus {@code positions[start + t,
   * :]} where the layer has positions.
   *
   * @return the vectors [batchSize, seqLen, embeddingDim], perhaps still being computed, in memory
   *     of this layer that its next {@code forward} uses again
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings), before
   *     anything is changed, unless there is a row that stands for it; for ids on the device see
   *     {@link IndexBatch#onDevice}
   * @throws IllegalArgumentException if the sequences are longer than the positional table, or
   *     start elsewhere than at 0 without one; before anything is changed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the output
   * @throws IllegalStateException if this layer, its positions or the backend was closed
   */
  public Activation forward(IndexBatch batch) {
    requireOpen();
    return lookup.forward(batch, null);
  }

  /**
   * Looks up a batch as {@link #forward(IndexBatch)} does, into memory of the caller.
   *
   * @param out receives [batchSize, seqLen, embeddingDim] from its first element on; may be larger,
   *     and what lies beyond stays. Of float32, float16 or bfloat16 and of the same backend
   * @return a view of {@code out}
   * @throws IndexOutOfBoundsException as {@link #forward(IndexBatch)}
   * @throws IllegalArgumentException as {@link #forward(IndexBatch)}, and if {@code out} is too
   *     small or of another type
   * @throws IllegalStateException if this layer, its positions, {@code out} or the backend was
   *     closed
   */
  public Activation forwardInto(IndexBatch batch, DeviceBuffer out) {
    requireOpen();
    return lookup.forward(batch, out);
  }

  /**
   * Looks up the vectors of each bag's ids and makes one of them.
   *
   * @param mode what becomes of the vectors of a bag
   * @return the vectors [bags, embeddingDim], perhaps still being computed, in memory of this layer
   *     that its next {@code forward} uses again
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings), as {@link
   *     #forward(IndexBatch)}
   * @throws IllegalArgumentException at the first offset that is wrong, or if there are weights and
   *     the mode is not {@code SUM}; before anything is changed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the output
   * @throws IllegalStateException if this layer or the backend was closed
   */
  public Activation forward(BagBatch batch, BagMode mode) {
    requireOpen();
    return lookup.forward(batch, mode, includeLastOffset, null);
  }

  /**
   * Looks up bags as {@link #forward(BagBatch, BagMode)} does, into memory of the caller.
   *
   * @param mode what becomes of the vectors of a bag
   * @param out receives [bags, embeddingDim] from its first element on; may be larger, and what
   *     lies beyond stays. Of float32, float16 or bfloat16 and of the same backend
   * @return a view of {@code out}
   * @throws IndexOutOfBoundsException as {@link #forward(BagBatch, BagMode)}
   * @throws IllegalArgumentException as {@link #forward(BagBatch, BagMode)}, and if {@code out} is
   *     too small or of another type
   * @throws IllegalStateException if this layer, {@code out} or the backend was closed
   */
  public Activation forwardInto(BagBatch batch, BagMode mode, DeviceBuffer out) {
    requireOpen();
    return lookup.forward(batch, mode, includeLastOffset, out);
  }

  /** Frees the table and the memory for batches; the backend stays open. */
  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      lookup.close();
      table.buffer().close();
    }
  }

  @Override
  public String toString() {
    return "QuantizedEmbedding(" + numEmbeddings() + ", " + embeddingDim() + ")";
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException(this + " was closed");
    }
  }
}
