package dev.embedcl.optim;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.BatchGradient;
import dev.embedcl.nn.Parameter;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Operation;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.RowNorms;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.StochasticUpdate;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the optimizers have in common: the two kinds of step, and state for each parameter, made at
 * its first step and kept until the optimizer is closed.
 */
abstract class RowOptimizer implements Optimizer {
  private final List<Parameter> parameters;
  private final IdentityHashMap<Parameter, OptimizerState> states = new IdentityHashMap<>();
  private double learningRate;
  private double maxGradNorm = Double.POSITIVE_INFINITY;
  private double normType = 2;
  private double lastGradNorm = Double.NaN;
  private Rounding rounding = Rounding.nearest();
  private boolean closed;

  RowOptimizer(double learningRate, List<Parameter> parameters) {
    this.learningRate = requireNotNegative("learningRate", learningRate);
    this.parameters = List.copyOf(parameters);
    this.parameters.forEach(RowOptimizer::requireTrainable);
  }

  /** Makes the state of a parameter: before its first step. */
  abstract OptimizerState newState(Parameter parameter);

  /**
   * Returns what becomes of a parameter's rows.
   *
   * @param step the number of the step, counted from 1
   */
  abstract RowUpdate update(Parameter parameter, OptimizerState state, long step);

  /** Returns the learning rate. */
  @Override
  public double learningRate() {
    return learningRate;
  }

  @Override
  public void learningRate(double learningRate) {
    this.learningRate = requireNotNegative("learningRate", learningRate);
  }

  @Override
  public Rounding rounding() {
    return rounding;
  }

  @Override
  public void rounding(Rounding rounding) {
    this.rounding = rounding;
  }

  @Override
  public List<Parameter> parameters() {
    return parameters;
  }

  /** Returns the settings but for the limit of norms. */
  abstract String ownSettings();

  @Override
  public final String settings() {
    return maxGradNorm == Double.POSITIVE_INFINITY
        ? ownSettings()
        : ownSettings() + " with maxGradNorm=" + maxGradNorm + ", normType=" + normType;
  }

  @Override
  public void maxGradNorm(double maxNorm, double normType) {
    if (maxNorm != Double.POSITIVE_INFINITY) {
      EmbeddingRenorm.requireMaxNorm(maxNorm);
    }
    RowNorms.requireNormType(normType);
    this.maxGradNorm = maxNorm;
    this.normType = normType;
  }

  @Override
  public double lastGradNorm() {
    return lastGradNorm;
  }

  @Override
  public void step(BatchGradient gradient) {
    requireOpen();
    requireTrainable(gradient.weight());
    if (maxGradNorm == Double.POSITIVE_INFINITY) {
      stepTokens(gradient);
      stepPositions(gradient);
      return;
    }
    try (ClippedBatch clipped = new ClippedBatch(gradient, maxGradNorm, normType)) {
      lastGradNorm = clipped.norm();
      stepTokens(clipped.ofTokens(gradient));
      stepPositions(clipped.ofPositions(gradient));
    }
  }

  private void stepTokens(BatchGradient gradient) {
    Parameter weight = gradient.weight();
    if (weight.requiresGrad()) {
      OptimizerState state = state(weight);
      RowUpdate update = roundedUpdate(weight, state);
      take(weight, state, gradient.weightUpdate(update));
    }
  }

  private void stepPositions(BatchGradient gradient) {
    Parameter positions = gradient.positions();
    if (positions != null && positions.requiresGrad()) {
      OptimizerState state = state(positions);
      RowUpdate update = roundedUpdate(positions, state);
      take(
          positions,
          state,
          new PositionUpdate(
              gradient.gradOutput(),
              update,
              gradient.start(),
              gradient.batchSize(),
              gradient.seqLen()));
    }
  }

  @Override
  public void step() {
    requireOpen();
    if (parameters.isEmpty()) {
      throw new IllegalStateException(
          "this optimizer has no parameters: create it with the layer's parameters(), or take the"
              + " fused step(layer, gradOutput)");
    }
    if (maxGradNorm != Double.POSITIVE_INFINITY) {
      List<Parameter> trained = parameters.stream().filter(Parameter::requiresGrad).toList();
      lastGradNorm = GradientClipping.clipNorm(trained, maxGradNorm, normType);
    }
    for (Parameter parameter : parameters) {
      Optional<Matrix> grad = parameter.grad();
      if (grad.isPresent() && parameter.requiresGrad()) {
        OptimizerState state = state(parameter);
        RowUpdate update = roundedUpdate(parameter, state);
        take(parameter, state, new DenseUpdate(grad.get(), update));
      }
    }
  }

  @Override
  public long steps(Parameter parameter) {
    OptimizerState state = states.get(parameter);
    return state == null ? 0 : state.steps();
  }

  @Override
  public List<Parameter> remembered() {
    return List.copyOf(states.keySet());
  }

  @Override
  public OptimizerState state(Parameter parameter) {
    requireOpen();
    @Nullable OptimizerState state = states.get(parameter);
    if (state == null) {
      requireTrainable(parameter);
      state = newState(parameter);
      states.put(parameter, state);
    }
    return state;
  }

  @Override
  public void adopt(Parameter old, Parameter heir) {
    requireOpen();
    requireArgument(
        old.columns() == heir.columns(),
        "%s cannot go on for rows of length %d; keep embeddingDim",
        old,
        heir.columns());
    @Nullable OptimizerState state = states.get(old);
    if (state == null || old == heir) {
      return;
    }
    forget(heir);
    state(heir).copyFrom(state);
    forget(old);
  }

  @Override
  public void forget(Parameter parameter) {
    @Nullable OptimizerState state = states.remove(parameter);
    if (state != null) {
      state.close();
    }
  }

  @Override
  public void close() {
    closed = true;
    states.values().forEach(OptimizerState::close);
    states.clear();
  }

  /** Returns a matrix of zeros for a parameter's state, on its backend. */
  static Matrix zeros(Parameter parameter, int columns) {
    DeviceBuffer buffer = parameter.backend().allocate(DType.FLOAT32, parameter.rows() * columns);
    return new Matrix(buffer, parameter.rows(), columns);
  }

  static double requireNotNegative(String name, double value) {
    // What is passed to devices is float32.
    requireArgument(
        value >= 0 && Float.isFinite((float) value),
        "%s = %s; give a finite number that is not negative",
        name,
        value);
    return value;
  }

  /** Checks a factor by which a moving average shrinks. */
  static double requireShare(String name, double value) {
    requireArgument(value >= 0 && value < 1, "%s = %s is out of range [0, 1)", name, value);
    return value;
  }

  /** Refuses float64 before anything is made or changed: it is there to check gradients. */
  private static void requireTrainable(Parameter parameter) {
    if (parameter.dtype() == DType.FLOAT64) {
      throw new IllegalArgumentException(
          parameter
              + " is FLOAT64, which optimizers do not move: float64 is for checks of gradients; train"
              + " a table of FLOAT32, FLOAT16 or BFLOAT16");
    }
  }

  private RowUpdate roundedUpdate(Parameter parameter, OptimizerState state) {
    long step = state.steps() + 1;
    RowUpdate update = update(parameter, state, step);
    return rounding.seed().isPresent() && parameter.dtype() != DType.FLOAT32
        ? new StochasticUpdate(update, rounding.seed().getAsLong(), step)
        : update;
  }

  private void take(Parameter parameter, OptimizerState state, Operation operation) {
    parameter.backend().execute(operation);
    // Not before: a step that could not be enqueued was not taken.
    state.countStep();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(this + " was closed");
    }
  }
}
