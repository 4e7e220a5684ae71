package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

/**
 * A step of stochastic gradient descent from a dense gradient: {@code weight -= learningRate *
 * gradWeight}, multiplied, then subtracted, each rounded to float32.
 *
 * @param gradWeight [rows, columns], unchanged
 * @param weight [rows, columns]
 * @param learningRate finite
 */
public record DenseSgdStep(Matrix gradWeight, Matrix weight, float learningRate)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if the sizes differ, both are one buffer or {@code
   *     learningRate} is not finite
   */
  public DenseSgdStep {
    requireArgument(
        gradWeight.rows() == weight.rows() && gradWeight.columns() == weight.columns(),
        "gradWeight is [%d, %d] but weight is [%d, %d]",
        gradWeight.rows(),
        gradWeight.columns(),
        weight.rows(),
        weight.columns());
    Checks.requireDistinct("gradWeight", gradWeight, "weight", weight);
    requireLearningRate(learningRate);
  }

  static void requireLearningRate(float learningRate) {
    if (!Float.isFinite(learningRate)) {
      throw new IllegalArgumentException(
          "learningRate = " + learningRate + " is not a finite number");
    }
  }
}
