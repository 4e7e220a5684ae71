package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.BagMode;

/**
 * Gathers what an {@link EmbeddingBag} is made of: sizes with a seed, or weights; and the options
 * of PyTorch's {@code nn.EmbeddingBag}. All of them go together, and with every optimizer.
 */
public final class EmbeddingBagBuilder {
  private final TokenEmbeddingBuilder table;
  private BagMode mode = BagMode.MEAN;
  private boolean includeLastOffset;

  EmbeddingBagBuilder(Backend backend) {
    this.table = new TokenEmbeddingBuilder(backend);
  }

  /** Sets the number of vectors, from 1 to 2^31: ids are in [0, numEmbeddings). */
  public EmbeddingBagBuilder numEmbeddings(long numEmbeddings) {
    table.numEmbeddings(numEmbeddings);
    return this;
  }

  /** Sets the length of a vector, at least 1. */
  public EmbeddingBagBuilder embeddingDim(int embeddingDim) {
    table.embeddingDim(embeddingDim);
    return this;
  }

  /** Draws the table as PyTorch does after {@code torch.manual_seed(seed)}. */
  public EmbeddingBagBuilder seed(long seed) {
    table.seed(seed);
    return this;
  }

  /** Draws the table from a generator, which {@link #build} advances. */
  public EmbeddingBagBuilder generator(TorchGenerator generator) {
    table.generator(generator);
    return this;
  }

  /**
   * Sets how a drawn table is stored, as {@link TokenEmbeddingBuilder#dtype} tells: {@code
   * FLOAT32}, the default, {@code FLOAT16} or {@code BFLOAT16}; sums and all other arithmetic are
   * float32 in any case. Or {@code FLOAT64}, to check gradients on the CPU backend.
   */
  public EmbeddingBagBuilder dtype(DType dtype) {
    table.dtype(dtype);
    return this;
  }

  /**
   * Sets the type of the output: the table's, the default, to which each result is rounded once, or
   * {@code FLOAT32}.
   */
  public EmbeddingBagBuilder outputDtype(DType outputDtype) {
    table.outputDtype(outputDtype);
    return this;
  }

  /**
   * Copies the table from [numEmbeddings, embeddingDim] of float32, float16, bfloat16 or float64
   * when {@link #build} runs, stored as it is.
   */
  public EmbeddingBagBuilder weight(HostTensor weight) {
    table.weight(weight);
    return this;
  }

  /** Sets what becomes of the vectors of a bag; {@link BagMode#MEAN} unless set. */
  public EmbeddingBagBuilder mode(BagMode mode) {
    this.mode = mode;
    return this;
  }

  /**
   * Sets the id of padding, which counts for nothing in a bag, neither in its sum nor in its size:
   * its row gets no gradient, and of a drawn table it is zeros. Given weights stay as they are.
   *
   * @param paddingIdx from -numEmbeddings to below numEmbeddings; negative ones count from the end
   */
  public EmbeddingBagBuilder paddingIdx(long paddingIdx) {
    table.paddingIdx(paddingIdx);
    return this;
  }

  /**
   * Sets whether each contribution to the gradient is multiplied by 1 / (how often its id occurs in
   * all bags of the batch), so that frequent ids learn no faster than others.
   */
  public EmbeddingBagBuilder scaleGradByFreq(boolean scaleGradByFreq) {
    table.scaleGradByFreq(scaleGradByFreq);
    return this;
  }

  /**
   * Sets a limit for the norms of rows: before each lookup, a row that the batch names and that is
   * longer becomes {@code row * maxNorm / (norm + 1e-7)}, in place and once, as {@link
   * dev.embedcl.op.EmbeddingRenorm} tells; padding's row, those of ids in no bag and those of a
   * frozen table too. The gradient takes no notice of it. Ids that are on the device have to be
   * read back for it.
   *
   * @param maxNorm finite and not negative
   */
  public EmbeddingBagBuilder maxNorm(double maxNorm) {
    table.maxNorm(maxNorm);
    return this;
  }

  /**
   * Sets the p of the norm that {@link #maxNorm} limits; 2 unless it is set. For 1, 2 and infinity
   * the device computes norms; for others the host, which has to read the batch's rows.
   *
   * @param normType greater than 0, or infinity
   */
  public EmbeddingBagBuilder normType(double normType) {
    table.normType(normType);
    return this;
  }

  /**
   * Lets ids that are out of range stand for a row, which then also gets their gradient, on the
   * host and on every device alike; for nothing, where that is padding's. Without, they are an
   * error.
   *
   * @param row from -numEmbeddings to below numEmbeddings; negative ones count from the end
   */
  public EmbeddingBagBuilder clampOutOfRangeTo(long row) {
    table.clampOutOfRangeTo(row);
    return this;
  }

  /**
   * Sets whether a batch has an offset more than bags, which is where the last bag ends; ids behind
   * it are in no bag.
   */
  public EmbeddingBagBuilder includeLastOffset(boolean includeLastOffset) {
    this.includeLastOffset = includeLastOffset;
    return this;
  }

  /** Sets whether training leaves the table as it is; see {@link Parameter#requiresGrad}. */
  public EmbeddingBagBuilder frozen(boolean frozen) {
    table.frozen(frozen);
    return this;
  }

  /**
   * Creates the layer, which owns its table.
   *
   * @throws IllegalArgumentException if a size is out of its range or contradicts given weights,
   *     weights are no table, {@code paddingIdx} or the row for ids out of range is no row, {@code
   *     maxNorm} or {@code normType} is out of its range, or {@code dtype} or {@code outputDtype}
   *     is a type that there is not for it
   * @throws IllegalStateException if a size, or seed and generator, are missing and no weights
   *     stand in for them; or the backend or the tensor was closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   */
  public EmbeddingBag build() {
    return table.build(
        EmbeddingBag.NAME,
        (weight, options) -> new EmbeddingBag(weight, options, mode, includeLastOffset));
  }
}
