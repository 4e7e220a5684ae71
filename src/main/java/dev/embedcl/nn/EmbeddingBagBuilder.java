package dev.embedcl.nn;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
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

  /** Copies the table from float32 [numEmbeddings, embeddingDim] when {@link #build} runs. */
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
   *     weights are no float32 table, or {@code paddingIdx} is no row
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
