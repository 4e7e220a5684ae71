package dev.embedcl.optim;

import dev.embedcl.nn.Parameter;
import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import java.util.List;

/**
 * Adagrad, PyTorch's {@code torch.optim.Adagrad}, with the formula of {@link AdagradUpdate}.
 *
 * <p>Without weight decay the fused step and {@code backward} with the dense step give the same
 * bits (but for the sign of a zero): a gradient of zero changes nothing. With it, a fused step
 * decays the rows that the batch names and no others.
 */
public final class Adagrad extends RowOptimizer {
  private final AdagradOptions options;

  /** Creates an optimizer for fused steps. */
  public Adagrad(AdagradOptions options) {
    this(options, List.of());
  }

  /**
   * Creates an optimizer for dense steps on these parameters, and for fused steps.
   *
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   */
  public Adagrad(AdagradOptions options, List<Parameter> parameters) {
    super(options.learningRate(), parameters);
    this.options = options;
  }

  @Override
  OptimizerState newState(Parameter parameter) {
    Matrix sums = zeros(parameter, parameter.columns());
    return OptimizerState.filled("sum", sums, (float) options.initialAccumulatorValue());
  }

  @Override
  RowUpdate update(Parameter parameter, OptimizerState state, long step) {
    double rate = learningRate() / (1 + (double) (step - 1) * options.lrDecay());
    return new AdagradUpdate(
        parameter.matrix(),
        state.first(),
        (float) rate,
        (float) options.eps(),
        (float) options.weightDecay());
  }

  @Override
  String ownSettings() {
    return "Adagrad(lrDecay="
        + options.lrDecay()
        + ", weightDecay="
        + options.weightDecay()
        + ", initialAccumulatorValue="
        + options.initialAccumulatorValue()
        + ", eps="
        + options.eps()
        + ")";
  }

  @Override
  public String toString() {
    return "Adagrad(" + learningRate() + ")";
  }
}
