package dev.embedcl.nn;

import static dev.embedcl.nn.InputEmbeddingBuilder.required;
import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.IndexGroups;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what a {@link TokenEmbedding} is made of: sizes with a seed, or weights; and the options
 * of PyTorch's {@code nn.Embedding}. All of them go together, and with every optimizer.
 */
public final class TokenEmbeddingBuilder {
  private final Backend backend;
  private @Nullable Long numEmbeddings;
  private @Nullable Integer embeddingDim;
  private @Nullable TorchGenerator generator;
  private @Nullable HostTensor weight;
  private @Nullable Long paddingIdx;
  private boolean scaleGradByFreq;
  private boolean frozen;
  private @Nullable DType dtype;
  private @Nullable DType outputDtype;

  TokenEmbeddingBuilder(Backend backend) {
    this.backend = backend;
  }

  /** Sets the number of vectors, from 1 to 2^31: ids are in [0, numEmbeddings). */
  public TokenEmbeddingBuilder numEmbeddings(long numEmbeddings) {
    this.numEmbeddings = numEmbeddings;
    return this;
  }

  /** Sets the length of a vector, at least 1. */
  public TokenEmbeddingBuilder embeddingDim(int embeddingDim) {
    this.embeddingDim = embeddingDim;
    return this;
  }

  /** Draws the table as PyTorch does after {@code torch.manual_seed(seed)}. */
  public TokenEmbeddingBuilder seed(long seed) {
    return generator(new TorchGenerator(seed));
  }

  /** Draws the table from a generator, which {@link #build} advances. */
  public TokenEmbeddingBuilder generator(TorchGenerator generator) {
    this.generator = generator;
    return this;
  }

  /**
   * Sets how a drawn table is stored: {@code FLOAT32}, the default, {@code FLOAT16} or {@code
   * BFLOAT16}. Values are drawn as float32 and rounded to the nearest, as {@code
   * nn.Embedding(…).to(dtype)} does. Given weights have a type of their own; {@link HostTensor#to}
   * converts them. Gradients, optimizers' state and all arithmetic stay float32.
   */
  public TokenEmbeddingBuilder dtype(DType dtype) {
    this.dtype = dtype;
    return this;
  }

  /** Sets the type of the output: the table's, the default, or {@code FLOAT32}. */
  public TokenEmbeddingBuilder outputDtype(DType outputDtype) {
    this.outputDtype = outputDtype;
    return this;
  }

  /**
   * Copies the table from [numEmbeddings, embeddingDim] of float32, float16 or bfloat16 when {@link
   * #build} runs, stored as it is.
   */
  public TokenEmbeddingBuilder weight(HostTensor weight) {
    this.weight = weight;
    return this;
  }

  /**
   * Sets the id of padding: its row gets no gradient, and of a drawn table it is zeros. Given
   * weights stay as they are. {@code forward} returns the row like any other.
   *
   * @param paddingIdx from -numEmbeddings to below numEmbeddings; negative ones count from the end
   */
  public TokenEmbeddingBuilder paddingIdx(long paddingIdx) {
    this.paddingIdx = paddingIdx;
    return this;
  }

  /**
   * Sets whether each contribution to the gradient is multiplied by 1 / (how often its id occurs in
   * the batch), so that frequent ids learn no faster than others.
   */
  public TokenEmbeddingBuilder scaleGradByFreq(boolean scaleGradByFreq) {
    this.scaleGradByFreq = scaleGradByFreq;
    return this;
  }

  /** Sets whether training leaves the table as it is; see {@link Parameter#requiresGrad}. */
  public TokenEmbeddingBuilder frozen(boolean frozen) {
    this.frozen = frozen;
    return this;
  }

  /**
   * Creates the layer, which owns its table.
   *
   * @throws IllegalArgumentException if a size is out of its range or contradicts given weights,
   *     weights are no table, {@code paddingIdx} is no row, or {@code dtype} or {@code outputDtype}
   *     is a type that there is not for it
   * @throws IllegalStateException if a size, or seed and generator, are missing and no weights
   *     stand in for them; or the backend or the tensor was closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   */
  public TokenEmbedding build() {
    HostTensor given = weight;
    if (given == null) {
      long rows = required("numEmbeddings", numEmbeddings);
      int columns = required("embeddingDim", embeddingDim);
      TokenEmbedding.requireSizes(rows, columns);
      DType table = dtype == null ? DType.FLOAT32 : dtype;
      LookupOptions options = options(rows, table);
      return layer(
          Parameter.normal(
              backend,
              TokenEmbedding.NAME,
              table,
              rows,
              columns,
              required("seed or generator", generator)),
          options,
          true);
    }
    InputEmbeddingBuilder.requireConsistent(
        "weight", given, "numEmbeddings", numEmbeddings, embeddingDim);
    requireArgument(
        dtype == null || dtype == given.type(),
        "dtype = %s contradicts weight, %s; leave it out or convert the weight with to(dtype)",
        String.valueOf(dtype),
        given);
    LookupOptions options = options(given.shape().size(0), given.type());
    return layer(Parameter.of(backend, TokenEmbedding.NAME, given), options, false);
  }

  private TokenEmbedding layer(Parameter table, LookupOptions options, boolean fresh) {
    try {
      if (fresh && options.paddingIdx() != IndexGroups.NO_PADDING) {
        table.zeroRow(options.paddingIdx());
      }
      table.requiresGrad(!frozen);
      return new TokenEmbedding(table, options);
    } catch (RuntimeException | Error e) {
      table.close();
      throw e;
    }
  }

  private LookupOptions options(long rows, DType table) {
    requireArgument(
        outputDtype == null || outputDtype == DType.FLOAT32 || outputDtype == table,
        "outputDtype = %s; give FLOAT32 or the table's type, %s",
        String.valueOf(outputDtype),
        table);
    Long padding = paddingIdx;
    if (padding == null) {
      return new LookupOptions(IndexGroups.NO_PADDING, scaleGradByFreq, outputDtype);
    }
    requireArgument(
        padding >= -rows && padding < rows,
        "paddingIdx = %d is out of range [-%d, %d)",
        padding,
        rows,
        rows);
    return new LookupOptions(padding < 0 ? padding + rows : padding, scaleGradByFreq, outputDtype);
  }
}
