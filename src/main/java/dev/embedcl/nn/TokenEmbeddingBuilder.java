package dev.embedcl.nn;

import static dev.embedcl.nn.InputEmbeddingBuilder.required;
import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.IndexGroups;
import java.util.function.BiFunction;
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
  private double maxNorm = LookupOptions.NO_MAX_NORM;
  private double normType = LookupOptions.EUCLIDEAN;
  private @Nullable Long clampTo;
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
   *
   * <p>{@code FLOAT64} is for {@link GradCheck}, on the CPU backend alone: values are those of
   * {@code nn.Embedding(…, dtype=torch.float64)} (see {@link TorchGenerator#fillNormalDoubles}),
   * output, gradients and all arithmetic are float64, optimizers refuse the table, and speed is no
   * aim.
   */
  public TokenEmbeddingBuilder dtype(DType dtype) {
    this.dtype = dtype;
    return this;
  }

  /**
   * Sets the type of the output: the table's, the default, or {@code FLOAT32} unless that is {@code
   * FLOAT64}.
   */
  public TokenEmbeddingBuilder outputDtype(DType outputDtype) {
    this.outputDtype = outputDtype;
    return this;
  }

  /**
   * Copies the table from [numEmbeddings, embeddingDim] of float32, float16, bfloat16 or float64
   * when {@link #build} runs, stored as it is.
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

  /**
   * Sets a limit for the norms of rows: before each lookup, a row that the batch names and that is
   * longer becomes {@code row * maxNorm / (norm + 1e-7)}, in place and once, as {@link
   * dev.embedcl.op.EmbeddingRenorm} tells; padding's row and those of a frozen table too. The
   * gradient takes no notice of it. Ids that are on the device have to be read back for it.
   *
   * @param maxNorm finite and not negative
   */
  public TokenEmbeddingBuilder maxNorm(double maxNorm) {
    this.maxNorm = maxNorm;
    return this;
  }

  /**
   * Sets the p of the norm that {@link #maxNorm} limits; 2 unless it is set. For 1, 2 and infinity
   * the device computes norms; for others the host, which has to read the batch's rows.
   *
   * @param normType greater than 0, or infinity
   */
  public TokenEmbeddingBuilder normType(double normType) {
    this.normType = normType;
    return this;
  }

  /**
   * Lets ids that are out of range stand for a row, which then also gets their gradient, on the
   * host and on every device alike. Without, they are an error.
   *
   * @param row from -numEmbeddings to below numEmbeddings; negative ones count from the end
   */
  public TokenEmbeddingBuilder clampOutOfRangeTo(long row) {
    this.clampTo = row;
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
   *     weights are no table, {@code paddingIdx} or the row for ids out of range is no row, {@code
   *     maxNorm} or {@code normType} is out of its range, or {@code dtype} or {@code outputDtype}
   *     is a type that there is not for it
   * @throws IllegalStateException if a size, or seed and generator, are missing and no weights
   *     stand in for them; or the backend or the tensor was closed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   */
  public TokenEmbedding build() {
    return build(TokenEmbedding.NAME, TokenEmbedding::new);
  }

  /** Creates the layer that {@code made} makes of a table of this name. */
  <T> T build(String name, BiFunction<Parameter, LookupOptions, T> made) {
    HostTensor given = weight;
    if (given == null) {
      long rows = required("numEmbeddings", numEmbeddings);
      int columns = required("embeddingDim", embeddingDim);
      TokenEmbedding.requireSizes(rows, columns);
      DType table = dtype == null ? DType.FLOAT32 : dtype;
      LookupOptions options = options(rows, table);
      return layer(
          Parameter.normal(
              backend, name, table, rows, columns, required("seed or generator", generator)),
          options,
          true,
          made);
    }
    InputEmbeddingBuilder.requireConsistent(
        "weight", given, "numEmbeddings", numEmbeddings, embeddingDim);
    requireArgument(
        dtype == null || dtype == given.type(),
        "dtype = %s contradicts weight, %s; leave it out or convert the weight with to(dtype)",
        String.valueOf(dtype),
        given);
    LookupOptions options = options(given.shape().size(0), given.type());
    return layer(Parameter.of(backend, name, given), options, false, made);
  }

  private <T> T layer(
      Parameter table,
      LookupOptions options,
      boolean fresh,
      BiFunction<Parameter, LookupOptions, T> made) {
    try {
      if (fresh && options.paddingIdx() != IndexGroups.NO_PADDING) {
        table.zeroRow(options.paddingIdx());
      }
      table.requiresGrad(!frozen);
      return made.apply(table, options);
    } catch (RuntimeException | Error e) {
      table.close();
      throw e;
    }
  }

  private LookupOptions options(long rows, DType table) {
    requireArgument(
        outputDtype == null
            || outputDtype == table
            || (outputDtype == DType.FLOAT32 && table != DType.FLOAT64),
        "outputDtype = %s; give %sthe table's type, %s",
        String.valueOf(outputDtype),
        table == DType.FLOAT64 ? "" : "FLOAT32 or ",
        table);
    if (maxNorm != LookupOptions.NO_MAX_NORM) {
      EmbeddingRenorm.requireMaxNorm(maxNorm);
    }
    EmbeddingRenorm.requireNormType(normType);
    return new LookupOptions(
        paddingIdx == null ? IndexGroups.NO_PADDING : row("paddingIdx", paddingIdx, rows),
        scaleGradByFreq,
        maxNorm,
        normType,
        clampTo == null ? LookupOptions.NO_CLAMP : row("clampOutOfRangeTo", clampTo, rows),
        outputDtype);
  }

  /** Returns a row that may be counted from the end. */
  static long row(String name, long row, long rows) {
    requireArgument(
        row >= -rows && row < rows, name + " = %d is out of range [-%d, %d)", row, rows, rows);
    return row < 0 ? row + rows : row;
  }
}
