package dev.embedcl.optim;

import dev.embedcl.nn.Parameter;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.SgdUpdate;
import java.util.List;

/**
 * Stochastic gradient descent, PyTorch's {@code torch.optim.SGD}, with the formula of {@link
 * SgdUpdate}.
 *
 * <p>The fused step and {@code backward} with the dense step give the same bits (but for the sign
 * of a zero) without momentum and weight decay. With them they differ, as sparse and dense
 * gradients do: a fused step decays weights and momentum of the rows that the batch names and of no
 * others. As in PyTorch, the first step takes the gradient itself for momentum, undamped; a row
 * that is named for the first time in a later step starts from a momentum of 0.
 *
 * <p>PyTorch multiplies and subtracts with a single rounding where the processor can, and so
 * differs in the last bit of some elements unless the learning rate is a power of two.
 */
public final class Sgd extends RowOptimizer {
  private final SgdOptions options;

  /**
   * Creates an optimizer for fused steps, without momentum.
   *
   * @param learningRate finite, also as float32, and not negative
   * @throws IllegalArgumentException if it is not
   */
  public Sgd(double learningRate) {
    this(learningRate, List.of());
  }

  /**
   * Creates an optimizer without momentum for dense steps on these parameters, and for fused steps.
   *
   * @param learningRate finite, also as float32, and not negative
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   * @throws IllegalArgumentException if the learning rate is not
   */
  public Sgd(double learningRate, List<Parameter> parameters) {
    this(SgdOptions.of(learningRate), parameters);
  }

  /**
   * Creates an optimizer for dense steps on these parameters, and for fused steps.
   *
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   */
  public Sgd(SgdOptions options, List<Parameter> parameters) {
    super(options.learningRate(), parameters);
    this.options = options;
  }

  @Override
  OptimizerState newState(Parameter parameter) {
    return options.momentum() == 0
        ? OptimizerState.counting()
        : OptimizerState.of("momentum_buffer", zeros(parameter, parameter.columns()));
  }

  @Override
  RowUpdate update(Parameter parameter, OptimizerState state, long step) {
    boolean first = step == 1;
    boolean hasMomentum = options.momentum() != 0;
    return new SgdUpdate(
        parameter.matrix(),
        hasMomentum ? state.first() : null,
        (float) learningRate(),
        (float) options.momentum(),
        first ? 0 : (float) options.momentum(),
        first ? 1 : (float) (1 - options.dampening()),
        options.nesterov(),
        (float) options.weightDecay());
  }

  @Override
  String ownSettings() {
    return "Sgd(momentum="
        + options.momentum()
        + ", dampening="
        + options.dampening()
        + ", nesterov="
        + options.nesterov()
        + ", weightDecay="
        + options.weightDecay()
        + ")";
  }

  @Override
  public String toString() {
    return "Sgd(" + learningRate() + ")";
  }
}
