package dev.embedcl.optim;

import dev.embedcl.nn.Parameter;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.RowUpdate;
import java.util.List;

/** What the kinds of Adam have in common: two moments for each weight. */
abstract class AdamOptimizer extends RowOptimizer {
  private final AdamOptions options;

  AdamOptimizer(AdamOptions options, List<Parameter> parameters) {
    super(options.learningRate(), parameters);
    this.options = options;
  }

  /** Returns the options this was created with; the learning rate may have changed since. */
  public AdamOptions options() {
    return options;
  }

  /**
   * Returns the update of {@link Adam} or {@link AdamW}.
   *
   * @param decoupled whether the weights themselves decay, and not the gradient grows
   */
  final RowUpdate adam(Parameter parameter, OptimizerState state, long step, boolean decoupled) {
    return AdamUpdate.adam(
        parameter.matrix(),
        state.first(),
        state.second(),
        step,
        learningRate(),
        options.beta1(),
        options.beta2(),
        options.eps(),
        options.weightDecay(),
        decoupled);
  }

  @Override
  OptimizerState newState(Parameter parameter) {
    int columns = parameter.columns();
    return OptimizerState.of(
        "exp_avg", zeros(parameter, columns), "exp_avg_sq", () -> zeros(parameter, columns));
  }

  @Override
  String ownSettings() {
    return getClass().getSimpleName()
        + "(beta1="
        + options.beta1()
        + ", beta2="
        + options.beta2()
        + ", eps="
        + options.eps()
        + ", weightDecay="
        + options.weightDecay()
        + ")";
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + "(" + learningRate() + ")";
  }
}
