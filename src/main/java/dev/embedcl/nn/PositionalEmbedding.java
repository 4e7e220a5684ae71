package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * A table with a vector for every position, which {@link InputEmbedding} adds to the token's vector
 * in the same pass. Today of one kind: learned, as in GPT-2.
 *
 * <p>Owns its table; whoever creates it closes it.
 */
public final class PositionalEmbedding implements AutoCloseable {
  private static final String NAME = "position_embedding.weight";

  private final Parameter weight;

  private PositionalEmbedding(Parameter weight) {
    this.weight = weight;
  }

  /**
   * Creates a learned table of standard normal values, the next of a generator: {@code
   * nn.Embedding(maxLength, embeddingDim)}.
   *
   * @param maxLength the number of positions, from 1 to 2^31
   * @param embeddingDim at least 1
   * @param generator is advanced
   * @throws IllegalArgumentException if a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static PositionalEmbedding learned(
      Backend backend, long maxLength, int embeddingDim, TorchGenerator generator) {
    return learned(backend, DType.FLOAT32, maxLength, embeddingDim, generator);
  }

  /**
   * Creates a learned table of standard normal values, drawn as float32 and rounded to the nearest
   * of its type's: {@code nn.Embedding(maxLength, embeddingDim).to(dtype)}; float64 is drawn as
   * {@link TorchGenerator#fillNormalDoubles} tells.
   *
   * @param dtype how values are stored: float32, float16 or bfloat16; float64 on the CPU backend
   * @param maxLength the number of positions, from 1 to 2^31
   * @param embeddingDim at least 1
   * @param generator is advanced
   * @throws IllegalArgumentException if {@code dtype} is another or a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static PositionalEmbedding learned(
      Backend backend, DType dtype, long maxLength, int embeddingDim, TorchGenerator generator) {
    requireSizes(maxLength, embeddingDim);
    return new PositionalEmbedding(
        Parameter.normal(backend, NAME, dtype, maxLength, embeddingDim, generator));
  }

  /**
   * Creates a learned table of standard normal values, the first of a new generator. Beside a token
   * table from a seed, draw both from one generator, tokens first, to get PyTorch's values.
   *
   * @param maxLength the number of positions, from 1 to 2^31
   * @param embeddingDim at least 1
   * @throws IllegalArgumentException if a size is out of its range
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static PositionalEmbedding learned(
      Backend backend, long maxLength, int embeddingDim, long seed) {
    return learned(backend, maxLength, embeddingDim, new TorchGenerator(seed));
  }

  /**
   * Creates a learned table that holds a copy of given weights.
   *
   * @param weight float32, float16 or bfloat16, or float64 on the CPU backend, [maxLength,
   *     embeddingDim]; stored as it is
   * @throws IllegalArgumentException if type or shape is another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the tensor was closed
   */
  public static PositionalEmbedding learned(Backend backend, HostTensor weight) {
    return new PositionalEmbedding(Parameter.of(backend, NAME, weight));
  }

  /**
   * Creates a learned table that holds a copy of given weights, which may be a part of a mapped
   * file.
   *
   * @param weight little-endian float32, row after row, of exactly {@code 4 * maxLength *
   *     embeddingDim} bytes
   * @param maxLength the number of positions, from 1 to 2^31
   * @param embeddingDim at least 1
   * @throws IllegalArgumentException if a size is out of its range or {@code weight} has another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the weights' arena was closed
   */
  public static PositionalEmbedding learned(
      Backend backend, MemorySegment weight, long maxLength, int embeddingDim) {
    requireSizes(maxLength, embeddingDim);
    return new PositionalEmbedding(Parameter.of(backend, NAME, weight, maxLength, embeddingDim));
  }

  /** Returns the table [maxLength, embeddingDim]. */
  public Parameter weight() {
    return weight;
  }

  /** Returns the number of positions: the longest sequence there is a vector for. */
  public long maxLength() {
    return weight.rows();
  }

  /** Returns the length of a vector. */
  public int embeddingDim() {
    return weight.columns();
  }

  /** Frees the table; further calls do nothing. */
  @Override
  public void close() {
    weight.close();
  }

  @Override
  public String toString() {
    return "PositionalEmbedding.learned(" + maxLength() + ", " + embeddingDim() + ")";
  }

  static void requireSizes(long maxLength, int embeddingDim) {
    requireArgument(
        maxLength >= 1 && maxLength <= Matrix.MAX_ROWS,
        "maxLength = %d is out of range [1, %d]",
        maxLength,
        Matrix.MAX_ROWS);
    TokenEmbedding.requireEmbeddingDim(embeddingDim);
  }
}
