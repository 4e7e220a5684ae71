package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/**
 * A table of vectors looked up by id: PyTorch's {@code nn.Embedding(numEmbeddings, embeddingDim)}.
 * Its options are those of {@link #builder}.
 *
 * <p>Owns its table; closing the layer closes it.
 */
public final class TokenEmbedding extends EmbeddingLayer {
  static final String NAME = "token_embedding.weight";

  private final Parameter weight;
  private final LookupOptions options;

  TokenEmbedding(Parameter weight, LookupOptions options) {
    super(weight, null, options);
    this.weight = weight;
    this.options = options;
  }

  /** Returns a builder, for options that the other factories leave as PyTorch does. */
  public static TokenEmbeddingBuilder builder(Backend backend) {
    return new TokenEmbeddingBuilder(backend);
  }

  /**
   * Creates a layer of given weights that training leaves as they are: PyTorch's {@code
   * nn.Embedding.from_pretrained(weight)}. {@code layer.weight().requiresGrad(true)} thaws it.
   *
   * @param weight float32, float16 or bfloat16, or float64 on the CPU backend, [numEmbeddings,
   *     embeddingDim]; stored as it is
   * @throws IllegalArgumentException if type or shape is another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the tensor was closed
   */
  public static TokenEmbedding fromPretrained(Backend backend, HostTensor weight) {
    return builder(backend).weight(weight).frozen(true).build();
  }

  /**
   * Creates a layer of standard normal values, the first of a new generator: those of {@code
   * torch.manual_seed(seed); nn.Embedding(numEmbeddings, embeddingDim)}, bit for bit.
   *
   * @param numEmbeddings from 1 to 2^31
   * @param embeddingDim at least 1
   * @throws IllegalArgumentException if a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static TokenEmbedding seeded(
      Backend backend, long numEmbeddings, int embeddingDim, long seed) {
    return drawn(backend, numEmbeddings, embeddingDim, new TorchGenerator(seed));
  }

  /**
   * Creates a layer of standard normal values, the next of a generator, which goes on for the
   * layers to come.
   *
   * @param numEmbeddings from 1 to 2^31
   * @param embeddingDim at least 1
   * @param generator is advanced
   * @throws IllegalArgumentException if a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static TokenEmbedding drawn(
      Backend backend, long numEmbeddings, int embeddingDim, TorchGenerator generator) {
    return builder(backend)
        .numEmbeddings(numEmbeddings)
        .embeddingDim(embeddingDim)
        .generator(generator)
        .build();
  }

  /**
   * Creates a layer that holds a copy of given weights.
   *
   * @param weight float32, float16 or bfloat16, or float64 on the CPU backend, [numEmbeddings,
   *     embeddingDim]; stored as it is
   * @throws IllegalArgumentException if type or shape is another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the tensor was closed
   */
  public static TokenEmbedding of(Backend backend, HostTensor weight) {
    return builder(backend).weight(weight).build();
  }

  /**
   * Creates a layer that holds a copy of given weights, which may be a part of a mapped file.
   *
   * @param weight little-endian float32, row after row, of exactly {@code 4 * numEmbeddings *
   *     embeddingDim} bytes
   * @param numEmbeddings from 1 to 2^31
   * @param embeddingDim at least 1
   * @throws IllegalArgumentException if a size is out of its range or {@code weight} has another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the weights' arena was closed
   */
  public static TokenEmbedding of(
      Backend backend, MemorySegment weight, long numEmbeddings, int embeddingDim) {
    requireSizes(numEmbeddings, embeddingDim);
    return new TokenEmbedding(
        Parameter.of(backend, NAME, weight, numEmbeddings, embeddingDim), LookupOptions.DEFAULT);
  }

  /** Returns the table [numEmbeddings, embeddingDim]. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the id whose row gets no gradient, if there is one; not negative. */
  public OptionalLong paddingIdx() {
    return options.padding();
  }

  /** Returns whether each contribution is divided by how often its id occurs in the batch. */
  public boolean scaleGradByFreq() {
    return options.scaleGradByFreq();
  }

  /**
   * Returns a layer of this one's options with a table of another length: rows that both have are
   * copied, new ones are the mean of all of this layer's rows, padding's included (each column
   * added up row after row in float64, and rounded once to the table's type). This layer stays as
   * it is. An optimizer's state follows by {@code optimizer.adopt(old.weight(), resized.weight())};
   * gradients do not.
   *
   * @param newNumEmbeddings from 1 to 2^31
   * @return to be closed by the caller, as this layer is
   * @throws IllegalArgumentException if the number is out of its range, or the rows of padding or
   *     of ids out of range would be cut off
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold both tables
   * @throws IllegalStateException if this layer or the backend was closed
   */
  public TokenEmbedding resized(long newNumEmbeddings) {
    requireResizable(newNumEmbeddings);
    return new TokenEmbedding(ResizedTable.ofMean(weight, newNumEmbeddings), options);
  }

  /**
   * Does as {@link #resized(long)}, but draws new rows: standard normal values, the next of a
   * generator, rounded to the table's type.
   *
   * @param newNumEmbeddings from 1 to 2^31
   * @param generator is advanced where there are new rows
   * @return to be closed by the caller, as this layer is
   * @throws IllegalArgumentException as {@link #resized(long)}
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold both tables
   * @throws IllegalStateException if this layer or the backend was closed
   */
  public TokenEmbedding resized(long newNumEmbeddings, TorchGenerator generator) {
    requireResizable(newNumEmbeddings);
    return new TokenEmbedding(ResizedTable.ofNormal(weight, newNumEmbeddings, generator), options);
  }

  private void requireResizable(long rows) {
    requireSizes(rows, embeddingDim());
    requireKept("paddingIdx", options.paddingIdx(), rows);
    requireKept("clampOutOfRangeTo", options.clampTo(), rows);
  }

  private static void requireKept(String name, long row, long rows) {
    requireArgument(
        row < rows,
        name + " = %d would be cut off by %d rows; keep at least %d",
        row,
        rows,
        row + 1);
  }

  /** Returns the limit of rows' norms, if there is one. */
  public OptionalDouble maxNorm() {
    return options.normLimit();
  }

  /** Returns the p of the norm that is limited. */
  public double normType() {
    return options.normType();
  }

  /** Returns the row that ids out of range stand for; empty where they are an error. */
  public OptionalLong clampOutOfRangeTo() {
    return options.clampRow();
  }

  LookupOptions options() {
    return options;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  @Override
  public String toString() {
    return "TokenEmbedding(" + numEmbeddings() + ", " + embeddingDim() + ")";
  }

  @Override
  void closeOwned() {
    weight.close();
  }

  static void requireSizes(long numEmbeddings, int embeddingDim) {
    requireArgument(
        numEmbeddings >= 1 && numEmbeddings <= Matrix.MAX_ROWS,
        "numEmbeddings = %d is out of range [1, %d]",
        numEmbeddings,
        Matrix.MAX_ROWS);
    requireEmbeddingDim(embeddingDim);
  }

  static void requireEmbeddingDim(int embeddingDim) {
    requireArgument(embeddingDim >= 1, "embeddingDim = %d; give at least 1", embeddingDim);
  }
}
