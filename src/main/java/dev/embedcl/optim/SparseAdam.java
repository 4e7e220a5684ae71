package dev.embedcl.optim;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.nn.Parameter;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.RowUpdate;
import java.util.List;

/**
 * Adam for sparse gradients, PyTorch's {@code torch.optim.SparseAdam}, with the formula of {@link
 * AdamUpdate}: moments and weights of the rows that a batch names move, all others stay, and the
 * bias correction follows the count of steps. It differs from {@link Adam}'s fused step in where
 * eps stands alone.
 *
 * <p>PyTorch's refuses dense gradients; the dense step here takes every row for named.
 */
public final class SparseAdam extends AdamOptimizer {

  /**
   * Creates an optimizer for fused steps.
   *
   * @throws IllegalArgumentException if the options have a weight decay
   */
  public SparseAdam(AdamOptions options) {
    this(options, List.of());
  }

  /**
   * Creates an optimizer for dense steps on these parameters, and for fused steps.
   *
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   * @throws IllegalArgumentException if the options have a weight decay
   */
  public SparseAdam(AdamOptions options, List<Parameter> parameters) {
    super(options, parameters);
    requireArgument(
        options.weightDecay() == 0,
        "weightDecay = %s; SparseAdam has none: use AdamW, or 0",
        options.weightDecay());
  }

  @Override
  RowUpdate update(Parameter parameter, OptimizerState state, long step) {
    return AdamUpdate.sparseAdam(
        parameter.matrix(),
        state.first(),
        state.second(),
        step,
        learningRate(),
        options().beta1(),
        options().beta2(),
        options().eps());
  }
}
