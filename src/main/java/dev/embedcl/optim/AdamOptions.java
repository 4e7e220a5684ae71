package dev.embedcl.optim;

/**
 * The options of {@link Adam}, {@link AdamW} and {@link SparseAdam}, with PyTorch's names and
 * defaults: {@code AdamOptions.of(1e-3).withBetas(0.9, 0.98)}.
 *
 * @param learningRate finite, also as float32, and not negative
 * @param beta1 in [0, 1): what the first moment keeps at each step
 * @param beta2 in [0, 1): what the second moment keeps at each step
 * @param eps finite and not negative, added to the denominator
 * @param weightDecay finite and not negative: an L2 penalty for {@link Adam}, a decay of the
 *     weights themselves for {@link AdamW}; {@link SparseAdam} has none
 */
public record AdamOptions(
    double learningRate, double beta1, double beta2, double eps, double weightDecay) {

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public AdamOptions {
    RowOptimizer.requireNotNegative("learningRate", learningRate);
    RowOptimizer.requireShare("beta1", beta1);
    RowOptimizer.requireShare("beta2", beta2);
    RowOptimizer.requireNotNegative("eps", eps);
    RowOptimizer.requireNotNegative("weightDecay", weightDecay);
  }

  /**
   * Returns betas of 0.9 and 0.999, an eps of 1e-8 and no weight decay.
   *
   * @throws IllegalArgumentException if {@code learningRate} is out of its range
   */
  public static AdamOptions of(double learningRate) {
    return new AdamOptions(learningRate, 0.9, 0.999, 1e-8, 0);
  }

  /**
   * Returns these options with other betas.
   *
   * @throws IllegalArgumentException if one is out of its range
   */
  public AdamOptions withBetas(double beta1, double beta2) {
    return new AdamOptions(learningRate, beta1, beta2, eps, weightDecay);
  }

  /**
   * Returns these options with another eps.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public AdamOptions withEps(double eps) {
    return new AdamOptions(learningRate, beta1, beta2, eps, weightDecay);
  }

  /**
   * Returns these options with another weight decay.
   *
   * @throws IllegalArgumentException if it is out of its range
   */
  public AdamOptions withWeightDecay(double weightDecay) {
    return new AdamOptions(learningRate, beta1, beta2, eps, weightDecay);
  }
}
