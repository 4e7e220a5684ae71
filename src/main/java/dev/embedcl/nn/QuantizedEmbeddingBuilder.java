package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.QuantizedMatrix;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what a {@link QuantizedEmbedding} is made of: numbers that {@link #build} quantises, or
 * rows that were quantised before; and how ids and outputs are taken.
 */
public final class QuantizedEmbeddingBuilder {
  private final Backend backend;
  private @Nullable Supplier<QuantizedRows.Source> rows;
  private @Nullable PositionalEmbedding positions;
  private @Nullable Long paddingIdx;
  private @Nullable Long clampTo;
  private DType outputDtype = DType.FLOAT32;
  private boolean includeLastOffset;

  QuantizedEmbeddingBuilder(Backend backend) {
    this.backend = backend;
  }

  /**
   * Quantises a table when {@link #build} runs.
   *
   * @param weight float32, float16 or bfloat16, [numEmbeddings, embeddingDim], of finite numbers
   */
  public QuantizedEmbeddingBuilder weight(HostTensor weight) {
    rows = () -> QuantizedRows.ofTensor(weight);
    return this;
  }

  /**
   * Quantises the table of a layer, which may be on another backend, when {@link #build} runs. The
   * layer stays as it is.
   *
   * @param weight of finite numbers
   */
  public QuantizedEmbeddingBuilder weight(Parameter weight) {
    rows = () -> QuantizedRows.ofParameter(weight);
    return this;
  }

  /**
   * Takes rows that were quantised before, as {@link QuantizedEmbedding#packed} gives them and
   * PyTorch's {@code embedding_bag_byte_prepack} does.
   *
   * @param packed uint8, [numEmbeddings, embeddingDim + 8]; copied when {@link #build} runs
   */
  public QuantizedEmbeddingBuilder packed(HostTensor packed) {
    rows = () -> QuantizedRows.ofPacked(packed);
    return this;
  }

  /**
   * Takes rows that were quantised before, {@code values * scales + offsets}. All are copied when
   * {@link #build} runs.
   *
   * @param values uint8, [numEmbeddings, embeddingDim]
   * @param scales float32, [numEmbeddings]
   * @param offsets float32, [numEmbeddings]
   */
  public QuantizedEmbeddingBuilder quantized(
      HostTensor values, HostTensor scales, HostTensor offsets) {
    rows = () -> QuantizedRows.ofParts(values, scales, offsets);
    return this;
  }

  /**
   * Adds the vectors of positions to those that ids are looked up for, though not to bags. The
   * table stays the caller's, who keeps it open as long as the layer.
   */
  public QuantizedEmbeddingBuilder positions(PositionalEmbedding positions) {
    this.positions = positions;
    return this;
  }

  /**
   * Sets the id that counts for nothing in a bag, neither in its sum nor in its size. Looked up by
   * itself it is a row like any other.
   *
   * @param paddingIdx from -numEmbeddings to below numEmbeddings; negative ones count from the end
   */
  public QuantizedEmbeddingBuilder paddingIdx(long paddingIdx) {
    this.paddingIdx = paddingIdx;
    return this;
  }

  /**
   * Lets ids that are out of range stand for a row, on the host and on every device alike. Without,
   * they are an error.
   *
   * @param row from -numEmbeddings to below numEmbeddings; negative ones count from the end
   */
  public QuantizedEmbeddingBuilder clampOutOfRangeTo(long row) {
    this.clampTo = row;
    return this;
  }

  /**
   * Sets the type of the output, {@code FLOAT32} unless set, {@code FLOAT16} or {@code BFLOAT16}.
   */
  public QuantizedEmbeddingBuilder outputDtype(DType outputDtype) {
    this.outputDtype = outputDtype;
    return this;
  }

  /**
   * Sets whether a batch of bags has an offset more than bags, which is where the last bag ends;
   * ids behind it are in no bag.
   */
  public QuantizedEmbeddingBuilder includeLastOffset(boolean includeLastOffset) {
    this.includeLastOffset = includeLastOffset;
    return this;
  }

  /**
   * Creates the layer, which owns its quantised table.
   *
   * @throws IllegalArgumentException if what was given is no table or not of finite numbers (the
   *     first row and column that is not is named), {@code paddingIdx} or the row for ids out of
   *     range is no row, {@code outputDtype} is another, or the positions differ in {@code
   *     embeddingDim} or backend
   * @throws IllegalStateException if no rows were given, or the backend, a tensor or the layer was
   *     closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   */
  public QuantizedEmbedding build() {
    Supplier<QuantizedRows.Source> given = rows;
    if (given == null) {
      throw new IllegalStateException(
          "there are no rows: set weight, quantized or packed before build()");
    }
    requireArgument(
        TableValues.isStorage(outputDtype),
        "outputDtype = %s; give FLOAT32, FLOAT16 or BFLOAT16",
        outputDtype);
    QuantizedRows.Source source = given.get();
    TokenEmbedding.requireSizes(source.rows(), source.columns());
    requirePositions(source.columns());
    LookupOptions options = options(source.rows());
    DeviceBuffer buffer =
        backend.allocate(
            DType.UINT8,
            Math.multiplyExact(
                source.rows(), (long) source.columns() + QuantizedMatrix.TAIL_BYTES));
    try {
      QuantizedMatrix table = new QuantizedMatrix(buffer, source.rows(), source.columns());
      QuantizedRows.fill(source, table);
      return new QuantizedEmbedding(backend, table, positions, options, includeLastOffset);
    } catch (RuntimeException | Error e) {
      buffer.close();
      throw e;
    }
  }

  @SuppressWarnings("ReferenceEquality") // buffers belong to one backend, not to one that is equal
  private void requirePositions(int columns) {
    PositionalEmbedding added = positions;
    if (added == null) {
      return;
    }
    requireArgument(
        added.embeddingDim() == columns,
        "embeddingDim differs: %d for tokens, %d for positions; they are added, so make them equal",
        columns,
        added.embeddingDim());
    if (added.weight().backend() != backend) {
      throw new IllegalArgumentException(
          "positions are on another backend, "
              + added.weight().backend().device().summary()
              + ", than "
              + backend.device().summary()
              + "; create both on one");
    }
  }

  private LookupOptions options(long numEmbeddings) {
    return new LookupOptions(
        paddingIdx == null
            ? IndexGroups.NO_PADDING
            : TokenEmbeddingBuilder.row("paddingIdx", paddingIdx, numEmbeddings),
        false,
        LookupOptions.NO_MAX_NORM,
        LookupOptions.EUCLIDEAN,
        clampTo == null
            ? LookupOptions.NO_CLAMP
            : TokenEmbeddingBuilder.row("clampOutOfRangeTo", clampTo, numEmbeddings),
        outputDtype);
  }
}
