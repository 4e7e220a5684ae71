package dev.embedcl.op;

import org.jspecify.annotations.Nullable;

/**
 * Stochastic gradient descent, the formula of {@code torch.optim.SGD}:
 *
 * <pre>
 *   d = g + weightDecay · w            (g where weightDecay is 0)
 *   b = decay · b + gain · d           (with a momentum buffer b)
 *   d = nesterov ? d + momentum · b : b
 *   w = w − learningRate · d
 * </pre>
 *
 * <p>Without momentum this is the same to the bit for the sum of a batch and for a dense gradient
 * that started from zeros, but for the sign of a zero.
 *
 * @param table w, [rows, columns]
 * @param momentumBuffer b, [rows, columns], or null for none
 * @param learningRate finite
 * @param momentum finite; 0 without a buffer
 * @param decay what is left of the buffer: {@code momentum}, or 0 in the first step
 * @param gain what is added to it: 1 − dampening, or 1 in the first step
 * @param nesterov whether to look one step ahead
 * @param weightDecay finite
 */
public record SgdUpdate(
    Matrix table,
    @Nullable Matrix momentumBuffer,
    float learningRate,
    float momentum,
    float decay,
    float gain,
    boolean nesterov,
    float weightDecay)
    implements RowUpdate {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if the table is float64, the buffer's sizes are not the
   *     table's, both are one buffer, a number is not finite or there is momentum without a buffer
   */
  public SgdUpdate {
    Checks.requireTrainable(table);
    Checks.requireFinite("learningRate", learningRate);
    Checks.requireFinite("momentum", momentum);
    Checks.requireFinite("decay", decay);
    Checks.requireFinite("gain", gain);
    Checks.requireFinite("weightDecay", weightDecay);
    if (momentumBuffer != null) {
      Checks.requireState("momentumBuffer", momentumBuffer, table, table.columns());
    } else if (momentum != 0 || nesterov) {
      throw new IllegalArgumentException(
          "momentum = " + momentum + " and nesterov = " + nesterov + " need a momentumBuffer");
    }
  }

  /**
   * Returns the update without momentum and weight decay: {@code w = w − learningRate · g}.
   *
   * @throws IllegalArgumentException if {@code learningRate} is not finite
   */
  public static SgdUpdate plain(Matrix table, float learningRate) {
    return new SgdUpdate(table, null, learningRate, 0, 0, 0, false, 0);
  }

  @Override
  public @Nullable Matrix firstState() {
    return momentumBuffer;
  }

  /** Returns whether the formula is {@code w = w − learningRate · g}. */
  public boolean isPlain() {
    return momentumBuffer == null && weightDecay == 0;
  }
}
