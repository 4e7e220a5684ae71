package dev.embedcl.optim;

import static dev.embedcl.op.Checks.requireArgument;

/**
 * A learning rate as a function of the number of steps taken, for {@code
 * optimizer.learningRate(schedule.at(step))}. A plain function: it holds no state, so any step can
 * be asked for, and a run that is resumed goes on where it stopped. Computed in float64 with {@link
 * StrictMath}.
 */
@FunctionalInterface
public interface LearningRateSchedule {

  /**
   * Returns the learning rate of a step.
   *
   * @param step how many steps were taken before, from 0
   */
  double at(long step);

  /** Returns the schedule that never changes. */
  static LearningRateSchedule constant(double learningRate) {
    return step -> learningRate;
  }

  /**
   * Returns the schedule that multiplies the rate by {@code gamma} every so many steps: PyTorch's
   * {@code StepLR}.
   *
   * @param every at least 1
   * @throws IllegalArgumentException if it is less
   */
  static LearningRateSchedule steps(double learningRate, long every, double gamma) {
    requireArgument(every >= 1, "every = %d; give at least 1", every);
    return step -> {
      long times = step / every;
      return learningRate * StrictMath.pow(gamma, (double) times);
    };
  }

  /** Returns the schedule learningRate · gamma^step: PyTorch's {@code ExponentialLR}. */
  static LearningRateSchedule exponential(double learningRate, double gamma) {
    return step -> learningRate * StrictMath.pow(gamma, (double) step);
  }

  /**
   * Returns the schedule that falls along half a cosine from {@code learningRate} to {@code
   * minimum} and stays there: PyTorch's {@code CosineAnnealingLR} up to {@code steps}.
   *
   * @param steps how long it falls, at least 1
   * @throws IllegalArgumentException if it is less
   */
  static LearningRateSchedule cosine(double learningRate, double minimum, long steps) {
    requireArgument(steps >= 1, "steps = %d; give at least 1", steps);
    return step -> {
      double share = (double) Math.min(step, steps) / (double) steps;
      return minimum + (learningRate - minimum) * (1 + StrictMath.cos(StrictMath.PI * share)) / 2;
    };
  }

  /**
   * Returns the schedule that rises in a straight line, reaches this one's rate at {@code steps}
   * and follows it from its start on.
   *
   * @param steps how long it rises, at least 0
   * @throws IllegalArgumentException if it is less
   */
  default LearningRateSchedule warmedUp(long steps) {
    requireArgument(steps >= 0, "steps = %d; give at least 0", steps);
    double top = at(0);
    return step ->
        step < steps ? top * (double) (step + 1) / (double) (steps + 1) : at(step - steps);
  }
}
