package dev.embedcl.optim;

import dev.embedcl.nn.Parameter;
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

  @Override
  OptimizerState newState(Parameter parameter) {
    int columns = parameter.columns();
    return OptimizerState.of(zeros(parameter, columns), () -> zeros(parameter, columns));
  }

  @Override
  public String toString() {
    return getClass().getSimpleName() + "(" + learningRate() + ")";
  }
}
