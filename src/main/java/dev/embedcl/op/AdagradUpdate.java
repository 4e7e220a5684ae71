package dev.embedcl.op;

/**
 * Adagrad, the formula of {@code torch.optim.Adagrad}:
 *
 * <pre>
 *   g = g + weightDecay · w            (g where weightDecay is 0)
 *   s = s + g · g
 *   w = w − (learningRate · g) / (√s + eps)
 * </pre>
 *
 * @param table w, [rows, columns]
 * @param sums s, the sums of squares, [rows, columns]
 * @param learningRate finite; with a decay, the rate of this step
 * @param eps finite and not negative
 * @param weightDecay finite
 */
public record AdagradUpdate(
    Matrix table, Matrix sums, float learningRate, float eps, float weightDecay)
    implements RowUpdate {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if the sizes of {@code sums} are not the table's, both are one
   *     buffer, a number is not finite or {@code eps} is negative
   */
  public AdagradUpdate {
    Checks.requireState("sums", sums, table, table.columns());
    Checks.requireFinite("learningRate", learningRate);
    Checks.requireNotNegative("eps", eps);
    Checks.requireFinite("weightDecay", weightDecay);
  }

  @Override
  public Matrix firstState() {
    return sums;
  }
}
