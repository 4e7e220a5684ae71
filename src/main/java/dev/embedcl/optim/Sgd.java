package dev.embedcl.optim;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.nn.BatchGradient;
import dev.embedcl.nn.Parameter;
import dev.embedcl.op.DenseSgdStep;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.SgdStep;
import java.util.List;
import java.util.Optional;

/**
 * Stochastic gradient descent without momentum, PyTorch's {@code torch.optim.SGD(parameters, lr)}:
 * {@code weight -= learningRate * gradient}.
 *
 * <p>The gradient is summed in the deterministic order, multiplied by the learning rate and
 * subtracted, each result rounded to float32: the same bits on every backend, and the same for the
 * fused step as for {@code backward} and the dense step (but for the sign of a zero). PyTorch
 * multiplies and subtracts with a single rounding where the processor can, and so differs in the
 * last bit of some elements unless the learning rate is a power of two.
 */
public final class Sgd implements Optimizer {
  private final List<Parameter> parameters;
  private float learningRate;

  /**
   * Creates an optimizer for fused steps.
   *
   * @param learningRate finite and not negative; rounded to float32
   * @throws IllegalArgumentException if it is neither
   */
  public Sgd(double learningRate) {
    this(learningRate, List.of());
  }

  /**
   * Creates an optimizer for dense steps on these parameters, and for fused steps.
   *
   * @param learningRate finite and not negative; rounded to float32
   * @param parameters what {@link #step()} changes, such as a layer's {@code parameters()}
   * @throws IllegalArgumentException if the learning rate is neither
   */
  public Sgd(double learningRate, List<Parameter> parameters) {
    this.learningRate = checked(learningRate);
    this.parameters = List.copyOf(parameters);
  }

  /** Returns the learning rate, as rounded to float32. */
  public float learningRate() {
    return learningRate;
  }

  /**
   * Sets the learning rate of the steps to come.
   *
   * @param learningRate finite and not negative; rounded to float32
   * @throws IllegalArgumentException if it is neither
   */
  public void learningRate(double learningRate) {
    this.learningRate = checked(learningRate);
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  @Override
  public void step(BatchGradient gradient) {
    gradient
        .weight()
        .backend()
        .execute(
            new SgdStep(
                gradient.gradOutput(),
                gradient.groups(),
                gradient.weight().matrix(),
                gradient.positionRows(),
                gradient.batchSize(),
                gradient.seqLen(),
                learningRate));
  }

  @Override
  public void step() {
    if (parameters.isEmpty()) {
      throw new IllegalStateException(
          "this optimizer has no parameters: create it with new Sgd(learningRate,"
              + " layer.parameters()), or take the fused step(layer, gradOutput)");
    }
    for (Parameter parameter : parameters) {
      Optional<Matrix> grad = parameter.grad();
      if (grad.isPresent()) {
        parameter.backend().execute(new DenseSgdStep(grad.get(), parameter.matrix(), learningRate));
      }
    }
  }

  @Override
  public String toString() {
    return "Sgd(" + learningRate + ")";
  }

  private static float checked(double learningRate) {
    float rounded = (float) learningRate;
    requireArgument(
        rounded >= 0 && Float.isFinite(rounded),
        "learningRate = %s; give a finite number that is not negative",
        learningRate);
    return rounded;
  }
}
