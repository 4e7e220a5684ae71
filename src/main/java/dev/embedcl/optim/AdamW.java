package dev.embedcl.optim;

import dev.embedcl.nn.Parameter;
import dev.embedcl.op.RowUpdate;
import java.util.List;

/**
 * Adam with decoupled weight decay, PyTorch's {@code torch.optim.AdamW} (without {@code amsgrad}),
 * with the formula of {@link dev.embedcl.op.AdamUpdate}: each step first multiplies the weights by
 * 1 − learningRate · weightDecay. PyTorch's default weight decay is 0.01; here it is given.
 *
 * <p>The dense step moves every weight, as PyTorch does. The fused step moves the rows that the
 * batch names as if no other batch had been in between: moments of other rows do not fade, and
 * their weights neither move nor decay. The bias correction follows the parameter's count of steps.
 */
public final class AdamW extends AdamOptimizer {

  /** Creates an optimizer for fused steps. */
  public AdamW(AdamOptions options) {
    this(options, List.of());
  }

  /**
   * Creates an optimizer for dense steps on these parameters, and for fused steps.
   *
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   */
  public AdamW(AdamOptions options, List<Parameter> parameters) {
    super(options, parameters);
  }

  @Override
  RowUpdate update(Parameter parameter, OptimizerState state, long step) {
    return adam(parameter, state, step, true);
  }
}
