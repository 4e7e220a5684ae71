package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what an {@link InputEmbedding} is made of: sizes with a seed, or weights, or sizes for
 * one table and weights for the other.
 *
 * <p>Tables without given weights are drawn from one generator, tokens before positions, so that
 * one seed gives what PyTorch gives for {@code manual_seed(seed); Embedding(numEmbeddings,
 * embeddingDim); Embedding(maxLength, embeddingDim)}.
 */
public final class InputEmbeddingBuilder {
  private final Backend backend;
  private @Nullable Long numEmbeddings;
  private @Nullable Integer embeddingDim;
  private @Nullable Long maxLength;
  private @Nullable TorchGenerator generator;
  private @Nullable HostTensor tokenWeight;
  private @Nullable HostTensor positionWeight;
  private @Nullable Long paddingIdx;
  private boolean scaleGradByFreq;
  private boolean frozenTokens;
  private double maxNorm = LookupOptions.NO_MAX_NORM;
  private double normType = LookupOptions.EUCLIDEAN;
  private @Nullable Long clampTo;
  private DType dtype = DType.FLOAT32;
  private @Nullable DType outputDtype;

  InputEmbeddingBuilder(Backend backend) {
    this.backend = backend;
  }

  /** Sets the number of token vectors, from 1 to 2^31: ids are in [0, numEmbeddings). */
  public InputEmbeddingBuilder numEmbeddings(long numEmbeddings) {
    this.numEmbeddings = numEmbeddings;
    return this;
  }

  /** Sets the length of a vector, at least 1. */
  public InputEmbeddingBuilder embeddingDim(int embeddingDim) {
    this.embeddingDim = embeddingDim;
    return this;
  }

  /** Sets the number of learned positions, from 1 to 2^31; without, no positions are added. */
  public InputEmbeddingBuilder maxLength(long maxLength) {
    this.maxLength = maxLength;
    return this;
  }

  /** Draws tables as PyTorch does after {@code torch.manual_seed(seed)}. */
  public InputEmbeddingBuilder seed(long seed) {
    return generator(new TorchGenerator(seed));
  }

  /** Draws tables from a generator, which {@link #build} advances. */
  public InputEmbeddingBuilder generator(TorchGenerator generator) {
    this.generator = generator;
    return this;
  }

  /** Sets how drawn tables are stored; see {@link TokenEmbeddingBuilder#dtype}. */
  public InputEmbeddingBuilder dtype(DType dtype) {
    this.dtype = dtype;
    return this;
  }

  /** Sets the type of the output: the token table's, the default, or {@code FLOAT32}. */
  public InputEmbeddingBuilder outputDtype(DType outputDtype) {
    this.outputDtype = outputDtype;
    return this;
  }

  /**
   * Copies the token table from [numEmbeddings, embeddingDim] of float32, float16, bfloat16 or
   * float64 when {@link #build} runs, stored as it is.
   */
  public InputEmbeddingBuilder tokenWeight(HostTensor weight) {
    this.tokenWeight = weight;
    return this;
  }

  /** Copies the positional table from [maxLength, embeddingDim], as {@link #tokenWeight} does. */
  public InputEmbeddingBuilder positionWeight(HostTensor weight) {
    this.positionWeight = weight;
    return this;
  }

  /** Sets the token whose row gets no gradient; see {@link TokenEmbeddingBuilder#paddingIdx}. */
  public InputEmbeddingBuilder paddingIdx(long paddingIdx) {
    this.paddingIdx = paddingIdx;
    return this;
  }

  /** Sets whether tokens' gradients are divided by their frequency in the batch. */
  public InputEmbeddingBuilder scaleGradByFreq(boolean scaleGradByFreq) {
    this.scaleGradByFreq = scaleGradByFreq;
    return this;
  }

  /** Limits the norms of tokens' rows; see {@link TokenEmbeddingBuilder#maxNorm}. */
  public InputEmbeddingBuilder maxNorm(double maxNorm) {
    this.maxNorm = maxNorm;
    return this;
  }

  /** Sets the p of the norm that is limited; see {@link TokenEmbeddingBuilder#normType}. */
  public InputEmbeddingBuilder normType(double normType) {
    this.normType = normType;
    return this;
  }

  /** Lets ids out of range stand for a row; see {@link TokenEmbeddingBuilder#clampOutOfRangeTo}. */
  public InputEmbeddingBuilder clampOutOfRangeTo(long row) {
    this.clampTo = row;
    return this;
  }

  /** Sets whether training leaves the token table as it is; positions are trained all the same. */
  public InputEmbeddingBuilder frozenTokens(boolean frozenTokens) {
    this.frozenTokens = frozenTokens;
    return this;
  }

  /**
   * Creates the layer, which owns its tables.
   *
   * @throws IllegalArgumentException if a size is out of its range or contradicts given weights, or
   *     weights are no tables, or a type is none of theirs
   * @throws IllegalStateException if a size, or seed and generator, are missing and no weights
   *     stand in for them; or the backend or a tensor was closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold a table
   */
  public InputEmbedding build() {
    requireConsistent("tokenWeight", tokenWeight, "numEmbeddings", numEmbeddings, embeddingDim);
    requireConsistent("positionWeight", positionWeight, "maxLength", maxLength, embeddingDim);
    if (maxLength != null && positionWeight == null) {
      // Before a large token table is drawn, not after.
      PositionalEmbedding.requireSizes(maxLength, 1);
    }
    TokenEmbedding tokens = tokens();
    try {
      return InputEmbedding.joined(tokens, positions(tokens.embeddingDim()), true);
    } catch (RuntimeException | Error e) {
      tokens.close();
      throw e;
    }
  }

  private TokenEmbedding tokens() {
    TokenEmbeddingBuilder tokens =
        TokenEmbedding.builder(backend)
            .scaleGradByFreq(scaleGradByFreq)
            .maxNorm(maxNorm)
            .normType(normType)
            .frozen(frozenTokens);
    if (clampTo != null) {
      tokens.clampOutOfRangeTo(clampTo);
    }
    if (paddingIdx != null) {
      tokens.paddingIdx(paddingIdx);
    }
    if (outputDtype != null) {
      tokens.outputDtype(outputDtype);
    }
    if (tokenWeight != null) {
      return tokens.weight(tokenWeight).build();
    }
    return tokens
        .numEmbeddings(required("numEmbeddings", numEmbeddings))
        .embeddingDim(required("embeddingDim", embeddingDim))
        .generator(required("seed or generator", generator))
        .dtype(dtype)
        .build();
  }

  private @Nullable PositionalEmbedding positions(int dim) {
    if (positionWeight != null) {
      requireArgument(
          positionWeight.shape().size(1) == dim,
          "embeddingDim differs: %d for tokens, %d for positions; they are added, so make them"
              + " equal",
          dim,
          positionWeight.shape().size(1));
      return PositionalEmbedding.learned(backend, positionWeight);
    }
    if (maxLength == null) {
      return null;
    }
    return PositionalEmbedding.learned(
        backend, dtype, maxLength, dim, required("seed or generator", generator));
  }

  static void requireConsistent(
      String weightName,
      @Nullable HostTensor weight,
      String rowsName,
      @Nullable Long rows,
      @Nullable Integer embeddingDim) {
    if (weight == null) {
      return;
    }
    requireArgument(
        weight.shape().rank() == 2,
        "%s is %s; give FLOAT32 of shape [%s, embeddingDim]",
        weightName,
        weight,
        rowsName);
    if (rows != null) {
      requireSize(rowsName, rows, weightName, weight, 0);
    }
    if (embeddingDim != null) {
      requireSize("embeddingDim", embeddingDim, weightName, weight, 1);
    }
  }

  private static void requireSize(
      String name, long size, String weightName, HostTensor weight, int dimension) {
    requireArgument(
        size == weight.shape().size(dimension),
        "%s = %d contradicts %s of shape %s; leave it out",
        name,
        size,
        weightName,
        weight.shape());
  }

  static <T> T required(String name, @Nullable T value) {
    if (value == null) {
      throw new IllegalStateException(name + " is missing: set it before build()");
    }
    return value;
  }
}
