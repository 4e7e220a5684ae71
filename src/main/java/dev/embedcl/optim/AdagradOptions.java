package dev.embedcl.optim;

/**
 * The options of {@link Adagrad}, with PyTorch's names and defaults: {@code
 * AdagradOptions.of(0.01).withEps(1e-8)}.
 *
 * @param learningRate finite, also as float32, and not negative
 * @param lrDecay finite and not negative: step t has the rate learningRate / (1 + (t − 1) ·
 *     lrDecay)
 * @param weightDecay finite and not negative: an L2 penalty, added to the gradient
 * @param initialAccumulatorValue finite and not negative: what the sums of squares start from
 * @param eps finite and not negative, added to the denominator
 */
public record AdagradOptions(
    double learningRate,
    double lrDecay,
    double weightDecay,
    double initialAccumulatorValue,
    double eps) {

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public AdagradOptions {
    RowOptimizer.requireNotNegative("learningRate", learningRate);
    RowOptimizer.requireNotNegative("lrDecay", lrDecay);
    RowOptimizer.requireNotNegative("weightDecay", weightDecay);
    RowOptimizer.requireNotNegative("initialAccumulatorValue", initialAccumulatorValue);
    RowOptimizer.requireNotNegative("eps", eps);
  }

  /**
   * Returns an eps of 1e-10, no decay, and sums that start from 0.
   *
   * @throws IllegalArgumentException if {@code learningRate} is out of its range
   */
  public static AdagradOptions of(double learningRate) {
    return new AdagradOptions(learningRate, 0, 0, 0, 1e-10);
  }

  /**
   * Returns these options with another decay of the learning rate.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public AdagradOptions withLrDecay(double lrDecay) {
    return new AdagradOptions(learningRate, lrDecay, weightDecay, initialAccumulatorValue, eps);
  }

  /**
   * Returns these options with another weight decay.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public AdagradOptions withWeightDecay(double weightDecay) {
    return new AdagradOptions(learningRate, lrDecay, weightDecay, initialAccumulatorValue, eps);
  }

  /**
   * Returns these options with sums that start from another value.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public AdagradOptions withInitialAccumulatorValue(double initialAccumulatorValue) {
    return new AdagradOptions(learningRate, lrDecay, weightDecay, initialAccumulatorValue, eps);
  }

  /**
   * Returns these options with another eps.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public AdagradOptions withEps(double eps) {
    return new AdagradOptions(learningRate, lrDecay, weightDecay, initialAccumulatorValue, eps);
  }
}
