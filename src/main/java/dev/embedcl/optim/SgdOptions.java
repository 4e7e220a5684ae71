package dev.embedcl.optim;

import static dev.embedcl.op.Checks.requireArgument;

/**
 * The options of {@link Sgd}, with PyTorch's names and defaults: {@code
 * SgdOptions.of(0.1).withMomentum(0.9)}.
 *
 * @param learningRate finite, also as float32, and not negative
 * @param momentum finite and not negative; 0 for none
 * @param dampening finite
 * @param nesterov whether to look one step ahead; needs momentum and no dampening
 * @param weightDecay finite and not negative: an L2 penalty, added to the gradient
 */
public record SgdOptions(
    double learningRate, double momentum, double dampening, boolean nesterov, double weightDecay) {

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public SgdOptions {
    RowOptimizer.requireNotNegative("learningRate", learningRate);
    RowOptimizer.requireNotNegative("momentum", momentum);
    RowOptimizer.requireNotNegative("weightDecay", weightDecay);
    requireArgument(
        Float.isFinite((float) dampening), "dampening = %s; give a finite number", dampening);
    requireArgument(
        !nesterov || (momentum > 0 && dampening == 0),
        "nesterov with momentum = %s and dampening = %s; it needs momentum and no dampening",
        momentum,
        dampening);
  }

  /**
   * Returns options without momentum and weight decay.
   *
   * @throws IllegalArgumentException if {@code learningRate} is out of its range
   */
  public static SgdOptions of(double learningRate) {
    return new SgdOptions(learningRate, 0, 0, false, 0);
  }

  /**
   * Returns these options with another momentum.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public SgdOptions withMomentum(double momentum) {
    return new SgdOptions(learningRate, momentum, dampening, nesterov, weightDecay);
  }

  /**
   * Returns these options with another dampening.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public SgdOptions withDampening(double dampening) {
    return new SgdOptions(learningRate, momentum, dampening, nesterov, weightDecay);
  }

  /**
   * Returns these options with or without Nesterov's step ahead.
   *
   * @throws IllegalArgumentException if it needs other options
   */
  public SgdOptions withNesterov(boolean nesterov) {
    return new SgdOptions(learningRate, momentum, dampening, nesterov, weightDecay);
  }

  /**
   * Returns these options with another weight decay.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public SgdOptions withWeightDecay(double weightDecay) {
    return new SgdOptions(learningRate, momentum, dampening, nesterov, weightDecay);
  }
}
