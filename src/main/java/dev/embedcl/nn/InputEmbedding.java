package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The input layer of a language model: token vectors plus position vectors, in one pass forward and
 * one pass backward.
 *
 * <pre>{@code
 * try (Backend backend = Backends.open();
 *     InputEmbedding embedding =
 *         InputEmbedding.builder(backend)
 *             .numEmbeddings(50257).embeddingDim(256).maxLength(4).seed(123)
 *             .build()) {
 *   Sgd sgd = new Sgd(0.1);
 *   Activation x = embedding.forward(ids, 8, 4); // [8, 4, 256], on the device
 *   // … the rest of the model, down to the gradient of x …
 *   sgd.step(embedding, gradOutput);             // backward and update, fused
 * }
 * }</pre>
 */
public final class InputEmbedding extends EmbeddingLayer {
  private final TokenEmbedding tokens;
  private final @Nullable PositionalEmbedding positions;
  private final boolean owns;
  private final List<Parameter> parameters;

  private InputEmbedding(
      TokenEmbedding tokens, @Nullable PositionalEmbedding positions, boolean owns) {
    super(tokens.weight(), positions == null ? null : positions.weight(), tokens.options());
    this.tokens = tokens;
    this.positions = positions;
    this.owns = owns;
    this.parameters =
        positions == null ? List.of(tokens.weight()) : List.of(tokens.weight(), positions.weight());
  }

  /** Returns a builder of layers that own their tables. */
  public static InputEmbeddingBuilder builder(Backend backend) {
    return new InputEmbeddingBuilder(backend);
  }

  /**
   * Joins tables that the caller keeps: closing the layer leaves them open.
   *
   * @throws IllegalArgumentException if they differ in {@code embeddingDim} or backend, or one is
   *     float64 alone
   */
  public static InputEmbedding of(TokenEmbedding tokens, PositionalEmbedding positions) {
    return joined(tokens, positions, false);
  }

  /** Wraps a token table that the caller keeps, without positions. */
  public static InputEmbedding of(TokenEmbedding tokens) {
    return joined(tokens, null, false);
  }

  @SuppressWarnings("ReferenceEquality") // buffers belong to one backend, not to one that is equal
  static InputEmbedding joined(
      TokenEmbedding tokens, @Nullable PositionalEmbedding positions, boolean owns) {
    if (positions != null) {
      requireArgument(
          tokens.embeddingDim() == positions.embeddingDim(),
          "embeddingDim differs: %d for tokens, %d for positions; they are added, so make them"
              + " equal",
          tokens.embeddingDim(),
          positions.embeddingDim());
      requireArgument(
          tokens.weight().gradDtype() == positions.weight().gradDtype(),
          "tokens are %s, positions %s; where one table is FLOAT64, make both",
          tokens.weight().dtype(),
          positions.weight().dtype());
      requireArgument(
          tokens.backend() == positions.weight().backend(),
          "tokens are on %s, positions on another backend, %s; create both on one",
          tokens.backend().device().summary(),
          positions.weight().backend().device().summary());
    }
    return new InputEmbedding(tokens, positions, owns);
  }

  /** Returns the token table's layer. */
  public TokenEmbedding tokens() {
    return tokens;
  }

  /** Returns the positional table, if the layer has one. */
  public Optional<PositionalEmbedding> positions() {
    return Optional.ofNullable(positions);
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public String toString() {
    return "InputEmbedding("
        + tokens
        + ", "
        + (positions == null ? "no positions" : positions)
        + ")";
  }

  @Override
  void closeOwned() {
    if (owns) {
      tokens.close();
      if (positions != null) {
        positions.close();
      }
    }
  }
}
