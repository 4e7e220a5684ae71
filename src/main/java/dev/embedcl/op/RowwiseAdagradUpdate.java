package dev.embedcl.op;

/**
 * Adagrad with one number of state for each row, as FBGEMM's {@code EXACT_ROWWISE_ADAGRAD}:
 *
 * <pre>
 *   s = s + (Σ_d g_d · g_d) / columns
 *   w = w − (learningRate / (√s + eps)) · g
 * </pre>
 *
 * <p>The sum over the columns has an order of its own: of {@value #LANES} partial sums that start
 * from 0, the l-th adds the squares of the columns l, l + {@value #LANES}, l + 2 · {@value #LANES},
 * … one after the other; then partial sum l + 8 is added to l, for l below 8, then l + 4, l + 2 and
 * l + 1 alike.
 *
 * @param table w, [rows, columns]
 * @param sums s, [rows, 1]
 * @param learningRate finite
 * @param eps finite and not negative
 */
public record RowwiseAdagradUpdate(Matrix table, Matrix sums, float learningRate, float eps)
    implements RowUpdate {
  /** Partial sums in which the squares of a row are added up. */
  public static final int LANES = 16;

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if {@code sums} is not [rows, 1] or the table's buffer, a
   *     number is not finite or {@code eps} is negative
   */
  public RowwiseAdagradUpdate {
    Checks.requireState("sums", sums, table, 1);
    Checks.requireFinite("learningRate", learningRate);
    Checks.requireNotNegative("eps", eps);
  }

  @Override
  public Matrix firstState() {
    return sums;
  }
}
