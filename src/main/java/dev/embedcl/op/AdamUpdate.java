package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

/**
 * Adam, AdamW and PyTorch's SparseAdam, which differ in numbers only:
 *
 * <pre>
 *   w = shrink · w
 *   g = g + weightDecay · w            (g where weightDecay is 0)
 *   m = beta1 · m + gain1 · g
 *   v = beta2 · v + (gain2 · g) · g
 *   w = w − (rate · m) / (√v / correction + eps)
 * </pre>
 *
 * <p>Made by {@link #adam} and {@link #sparseAdam}, which compute the numbers of step t in float64,
 * with {@link StrictMath}:
 *
 * <ul>
 *   <li>Adam ({@code torch.optim.Adam}, {@code AdamW}): rate = lr / (1 − β1^t), correction = √(1 −
 *       β2^t)
 *   <li>SparseAdam ({@code torch.optim.SparseAdam}): rate = lr · √(1 − β2^t) / (1 − β1^t),
 *       correction = 1, so that eps weighs more in the first steps
 * </ul>
 *
 * @param table w, [rows, columns]
 * @param firstMoment m, [rows, columns]
 * @param secondMoment v, [rows, columns]
 * @param beta1 finite
 * @param gain1 finite
 * @param beta2 finite
 * @param gain2 finite
 * @param rate finite
 * @param correction finite, greater than 0
 * @param eps finite and not negative
 * @param weightDecay finite; AdamW's decay is in {@code shrink}
 * @param shrink finite; 1 − lr · λ for AdamW, otherwise 1
 */
public record AdamUpdate(
    Matrix table,
    Matrix firstMoment,
    Matrix secondMoment,
    float beta1,
    float gain1,
    float beta2,
    float gain2,
    float rate,
    float correction,
    float eps,
    float weightDecay,
    float shrink)
    implements RowUpdate {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a moment's sizes are not the table's, two matrices are one
   *     buffer or a number is out of its range
   */
  public AdamUpdate {
    Checks.requireState("firstMoment", firstMoment, table, table.columns());
    Checks.requireState("secondMoment", secondMoment, table, table.columns());
    Checks.requireDistinct("firstMoment", firstMoment, "secondMoment", secondMoment);
    Checks.requireFinite("beta1", beta1);
    Checks.requireFinite("gain1", gain1);
    Checks.requireFinite("beta2", beta2);
    Checks.requireFinite("gain2", gain2);
    Checks.requireFinite("rate", rate);
    Checks.requireFinite("correction", correction);
    if (!(correction > 0)) {
      throw new IllegalArgumentException("correction = " + correction + "; it divides, so > 0");
    }
    Checks.requireNotNegative("eps", eps);
    Checks.requireFinite("weightDecay", weightDecay);
    Checks.requireFinite("shrink", shrink);
  }

  /**
   * Returns step {@code step} of Adam, or of AdamW where {@code decoupled}.
   *
   * @param step counted from 1
   * @param weightDecay λ: added to the gradient as λ · w, or where {@code decoupled} taken off the
   *     weights as lr · λ · w
   * @throws IllegalArgumentException if {@code step} is not positive, and as the constructor
   */
  public static AdamUpdate adam(
      Matrix table,
      Matrix firstMoment,
      Matrix secondMoment,
      long step,
      double learningRate,
      double beta1,
      double beta2,
      double eps,
      double weightDecay,
      boolean decoupled) {
    requireStep(step);
    return new AdamUpdate(
        table,
        firstMoment,
        secondMoment,
        (float) beta1,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) (learningRate / (1 - StrictMath.pow(beta1, (double) step))),
        (float) Math.sqrt(1 - StrictMath.pow(beta2, (double) step)),
        (float) eps,
        decoupled ? 0 : (float) weightDecay,
        decoupled ? (float) (1 - learningRate * weightDecay) : 1);
  }

  /**
   * Returns step {@code step} of SparseAdam.
   *
   * @param step counted from 1, whether or not a row took part in the steps before
   * @throws IllegalArgumentException if {@code step} is not positive, and as the constructor
   */
  public static AdamUpdate sparseAdam(
      Matrix table,
      Matrix firstMoment,
      Matrix secondMoment,
      long step,
      double learningRate,
      double beta1,
      double beta2,
      double eps) {
    requireStep(step);
    double correction = Math.sqrt(1 - StrictMath.pow(beta2, (double) step));
    return new AdamUpdate(
        table,
        firstMoment,
        secondMoment,
        (float) beta1,
        (float) (1 - beta1),
        (float) beta2,
        (float) (1 - beta2),
        (float) (learningRate * correction / (1 - StrictMath.pow(beta1, (double) step))),
        1,
        (float) eps,
        0,
        1);
  }

  @Override
  public Matrix firstState() {
    return firstMoment;
  }

  @Override
  public Matrix secondState() {
    return secondMoment;
  }

  private static void requireStep(long step) {
    requireArgument(step >= 1, "step = %d; steps are counted from 1", step);
  }
}
