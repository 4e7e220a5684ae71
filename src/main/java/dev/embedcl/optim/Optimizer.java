package dev.embedcl.optim;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.BatchGradient;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.TableLayer;
import java.util.List;

/**
 * Changes parameters so that a loss goes down, in one of two ways.
 *
 * <ul>
 *   <li>Fused, {@code step(layer, gradOutput)}: backward and update in one, straight from the
 *       gradient of the layer's latest output. Rows that the batch did not name are neither read
 *       nor written, and the parameters' own gradients play no part.
 *   <li>Dense, {@code layer.backward(gradOutput)}, {@link #step()}, {@link #zeroGrad()}: PyTorch's
 *       way, for gradients gathered over several batches. Takes memory and time that follow the
 *       size of the tables.
 * </ul>
 *
 * <p>Contributions to one row are summed before the row is changed once. Parameters that do not
 * {@link Parameter#requiresGrad require} their gradient are left alone. Both kinds of step may be
 * mixed; they share state and the count of steps, which is kept for each parameter.
 *
 * <p>State (momentum, moments, sums of squares) lies on the parameter's backend: made at the
 * parameter's first step, freed by {@link #close}. Only rows with a gradient are read and written,
 * state included, so that a fused step costs what the batch costs. All arithmetic is float32, each
 * operation rounded: the same bits on every backend; see {@link dev.embedcl.op.RowUpdate}. Tables
 * of float64, which are for checks of gradients, are refused with an {@link
 * IllegalArgumentException} before anything changes. For one thread at a time.
 */
public interface Optimizer extends AutoCloseable {

  /** Returns the learning rate. */
  double learningRate();

  /**
   * Sets the learning rate of the steps to come.
   *
   * @param learningRate finite, also as float32, and not negative
   * @throws IllegalArgumentException if it is not
   */
  void learningRate(double learningRate);

  /**
   * Limits the Euclidean norm of gradients; see {@link #maxGradNorm(double, double)}.
   *
   * @throws IllegalArgumentException if {@code maxNorm} is negative or not a number
   */
  default void maxGradNorm(double maxNorm) {
    maxGradNorm(maxNorm, 2);
  }

  /**
   * Limits the norm of the gradients of the steps to come, over all parameters of a step together:
   * gradients with a larger one are scaled down to it, as {@link GradientClipping} tells. A fused
   * step measures the sums of the rows that the batch names, for which it needs memory of their
   * size; a dense step scales the parameters' gradients in place. Both then wait for the device.
   *
   * @param maxNorm not negative; infinity for no limit, as at first
   * @param normType 1, 2 or infinity
   * @throws IllegalArgumentException if a number is out of its range
   */
  void maxGradNorm(double maxNorm, double normType);

  /**
   * Returns the norm of the latest step's gradients before they were limited; not a number if there
   * was no step with a limit.
   */
  double lastGradNorm();

  /** Returns how weights of 16 bits are rounded: at first to the nearest number. */
  Rounding rounding();

  /** Sets how the steps to come round the weights of tables stored in 16 bits. */
  void rounding(Rounding rounding);

  /** Returns how many steps a parameter has taken. */
  long steps(Parameter parameter);

  /**
   * Returns kind and options, but for the learning rate, which may change from step to step: what
   * two optimizers share if one can go on from the other's state.
   */
  String settings();

  /** Returns the parameters that there is state of, in no particular order. */
  List<Parameter> remembered();

  /**
   * Returns what is remembered of a parameter, made as for its first step where there is nothing
   * yet.
   *
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold it
   * @throws IllegalStateException if this optimizer, the parameter or its backend was closed
   */
  OptimizerState state(Parameter parameter);

  /**
   * Lets a parameter go on with the state of another, such as a resized table with the old one's:
   * the count of steps and the state of the rows that both have; other rows start as in a first
   * step. Of the old parameter nothing is remembered any more. Nothing happens if there is no state
   * of it.
   *
   * @throws IllegalArgumentException if the parameters have rows of different lengths
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold both states
   * @throws IllegalStateException if this optimizer, a parameter or its backend was closed
   */
  void adopt(Parameter old, Parameter heir);

  /** Frees what is remembered of a parameter: its next step is its first. */
  void forget(Parameter parameter);

  /** Returns the parameters that {@link #step()} changes. */
  List<Parameter> parameters();

  /**
   * Changes the tables that a batch touched.
   *
   * @throws IllegalStateException if a parameter, the gradient's buffer or the backend was closed
   */
  void step(BatchGradient gradient);

  /**
   * Changes the tables that the layer's latest {@code forward} touched.
   *
   * @param gradOutput the gradient of the layer's output, of its shape from the first element on;
   *     may be larger
   * @throws IllegalArgumentException if {@code gradOutput} is too small or not float32
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   * @throws IllegalStateException if there was no {@code forward}, or the layer, {@code gradOutput}
   *     or the backend was closed
   */
  default void step(TableLayer layer, DeviceBuffer gradOutput) {
    step(layer.gradient(gradOutput));
  }

  /**
   * Copies a gradient from the host and does as {@link #step(TableLayer, DeviceBuffer)}.
   *
   * @param gradOutput float32, exactly of the output's shape
   * @throws IllegalArgumentException if type or shape is another
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   * @throws IllegalStateException if there was no {@code forward}, or the layer or the backend was
   *     closed
   */
  default void step(TableLayer layer, HostTensor gradOutput) {
    step(layer.gradient(gradOutput));
  }

  /**
   * Changes {@link #parameters()} by their gradients; those that have none are left alone.
   *
   * @throws IllegalStateException if there are no parameters, or one or its backend was closed
   */
  void step();

  /**
   * Forgets the gradients of {@link #parameters()}.
   *
   * @throws IllegalStateException if a parameter or its backend was closed
   */
  default void zeroGrad() {
    parameters().forEach(Parameter::zeroGrad);
  }

  /**
   * Frees the state; the parameters stay. Further calls do nothing, and further steps are refused.
   */
  @Override
  void close();
}
