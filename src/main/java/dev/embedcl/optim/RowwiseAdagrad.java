package dev.embedcl.optim;

import dev.embedcl.nn.Parameter;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import java.util.List;

/**
 * Adagrad with one number of state for each row instead of one for each weight, as FBGEMM's {@code
 * EXACT_ROWWISE_ADAGRAD}, with the formula of {@link RowwiseAdagradUpdate}: for tables so large
 * that a second one of state is out of the question.
 *
 * <p>The fused step and {@code backward} with the dense step give the same bits (but for the sign
 * of a zero): a gradient of zero changes nothing.
 */
public final class RowwiseAdagrad extends RowOptimizer {
  /** FBGEMM's default eps. */
  public static final double DEFAULT_EPS = 1e-8;

  private final double eps;

  /**
   * Creates an optimizer for fused steps, with an eps of {@value #DEFAULT_EPS}.
   *
   * @param learningRate finite, also as float32, and not negative
   * @throws IllegalArgumentException if it is not
   */
  public RowwiseAdagrad(double learningRate) {
    this(learningRate, DEFAULT_EPS, List.of());
  }

  /**
   * Creates an optimizer for dense steps on these parameters, and for fused steps.
   *
   * @param learningRate finite, also as float32, and not negative
   * @param eps finite and not negative, added to the denominator
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   * @throws IllegalArgumentException if a number is out of its range
   */
  public RowwiseAdagrad(double learningRate, double eps, List<Parameter> parameters) {
    super(learningRate, parameters);
    this.eps = requireNotNegative("eps", eps);
  }

  @Override
  OptimizerState newState(Parameter parameter) {
    return OptimizerState.of("sum", zeros(parameter, 1));
  }

  @Override
  RowUpdate update(Parameter parameter, OptimizerState state, long step) {
    return new RowwiseAdagradUpdate(
        parameter.matrix(), state.first(), (float) learningRate(), (float) eps);
  }

  @Override
  String ownSettings() {
    return "RowwiseAdagrad(eps=" + eps + ")";
  }

  @Override
  public String toString() {
    return "RowwiseAdagrad(" + learningRate() + ")";
  }
}
