package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Compares a layer's backward pass with central differences of its forward pass. The loss is Σ_n
 * c_n · out_n in float64, with c from a seed: its gradient of an element w is compared with (loss(w
 * + h) − loss(w − h)) / 2h, where 2h is the exact difference of the two values that were written.
 * Elements are changed one by one and put back; gradients are forgotten.
 *
 * <p>The sharpest check is that of a layer of {@link DType#FLOAT64}, on the CPU backend: it finds
 * errors of a billionth. Layers of float32 are checked as they are, on any backend, to about a
 * millionth of what their sums are made of.
 *
 * <p>The layer computes with unit roundoff u, 2^-24 or 2^-53, so its outputs are wrong by a few u
 * of their magnitude M, or of what they are summed from, which a division by 2h enlarges. An output
 * that is a sum of table elements is linear in each, so that no error grows with h, and for float32
 * h may be as large as the elements: {@value #DEFAULT_EPS} unless it is given. For float64 it is
 * {@value #DEFAULT_EPS_FLOAT64}, PyTorch's, small enough for models that are not linear too. With S
 * the outputs that the change of w changes, m the summands of the largest bag (0 without bags), and
 * k = 8 + r(m) + r(|S|) roundings, where sums of n have r(n) = min(n, 64) + n / 64 (in blocks of
 * 64), the tolerance is
 *
 * <pre>
 *   k · u · Σ_S |c_n| · (2 · M_n + |out_n(w + h) − out_n(w − h)|) / 2h
 * </pre>
 *
 * <p>and 0 where w changes no output: there the gradient has to be 0.
 */
public final class GradCheck {
  /** By how much elements of float32 are changed: 2^-6. */
  public static final double DEFAULT_EPS = 0x1p-6;

  /** By how much elements of float64 are changed. */
  public static final double DEFAULT_EPS_FLOAT64 = 1e-6;

  /** What a layer is for a check. */
  public interface Model {
    /** Returns what may be changed and has gradients, of float32 or float64. */
    List<Parameter> parameters();

    /** Runs the forward pass and returns the output, of the same type; the check closes it. */
    HostTensor forward();

    /**
     * Adds to the gradients of the parameters.
     *
     * @param gradOutput of the output's type and shape
     */
    void backward(HostTensor gradOutput);

    /**
     * Returns by what the true derivative of a row's elements is to be multiplied before it is
     * compared, for layers whose options want another gradient: 0 for padding, the inverse of the
     * count for scaling by frequency.
     */
    default double factor(Parameter parameter, long row) {
      return 1;
    }

    /**
     * Returns what the rounding error of each output element is in proportion to: of a sum, the sum
     * of its summands' magnitudes. Unless this says otherwise it is the element's own magnitude,
     * which is right where nothing of importance cancels.
     *
     * @param output as {@link #forward} returned it
     */
    default double[] magnitudes(HostTensor output) {
      double[] values = doubles(output);
      Arrays.setAll(values, n -> Math.abs(values[n]));
      return values;
    }

    /** Returns through how many roundings an output element goes, beyond a few. */
    default int roundings() {
      return 0;
    }
  }

  private final Model model;
  private double eps = Double.NaN; // by type
  private int mostElements = 10_000;
  private long seed = 1;

  private GradCheck(Model model) {
    this.model = model;
  }

  /** Returns a check of anything that has parameters, a forward and a backward pass. */
  public static GradCheck of(Model model) {
    return new GradCheck(model);
  }

  /**
   * Returns a check of a layer on a batch, which heeds its options.
   *
   * @param ids [batchSize, seqLen], sequence after sequence
   * @throws IllegalArgumentException if the layer limits norms: its forward pass then changes the
   *     table, and its gradient takes no notice of that
   */
  public static GradCheck of(EmbeddingLayer layer, int[] ids, int batchSize, int seqLen) {
    return of(new LayerModel(layer, ids, batchSize, seqLen));
  }

  /**
   * Returns a check of a layer of bags on a batch, which heeds its options. The gradient of
   * per-sample weights, which are no parameter, is not part of it.
   *
   * @param batch with ids on the host
   * @throws IllegalArgumentException if the layer limits norms, ids are on the device or offsets
   *     are wrong
   */
  public static GradCheck of(EmbeddingBag layer, BagBatch batch) {
    return of(new BagModel(layer, batch));
  }

  /**
   * Sets by how much elements are changed.
   *
   * @return this
   * @throws IllegalArgumentException if it is not greater than 0 and finite
   */
  public GradCheck eps(double eps) {
    requireArgument(
        eps > 0 && Float.isFinite((float) eps), "eps = %s; give a finite number above 0", eps);
    this.eps = eps;
    return this;
  }

  /**
   * Sets how many elements of each parameter are checked at most; of more, some are chosen by the
   * seed. Each takes two forward passes.
   *
   * @return this
   * @throws IllegalArgumentException if it is less than 1
   */
  public GradCheck mostElements(int mostElements) {
    requireArgument(mostElements >= 1, "mostElements = %d; give at least 1", mostElements);
    this.mostElements = mostElements;
    return this;
  }

  /**
   * Sets the seed of the loss and of the choice of elements.
   *
   * @return this
   */
  public GradCheck seed(long seed) {
    this.seed = seed;
    return this;
  }

  /**
   * Runs the check.
   *
   * @throws IllegalArgumentException if no parameter requires a gradient, or parameters or output
   *     are of 16 bits, whose roundings would hide the gradient's
   * @throws IllegalStateException if the layer or its backend was closed
   */
  public GradCheckReport run() {
    List<Parameter> trained = model.parameters().stream().filter(Parameter::requiresGrad).toList();
    requireArgument(
        !trained.isEmpty(), "no parameter requires a gradient; thaw one with requiresGrad(true)");
    trained.forEach(parameter -> requireChecked(parameter.toString(), parameter.dtype()));
    trained.forEach(Parameter::zeroGrad);
    final ElementCheck check;
    try (HostTensor out = model.forward()) {
      requireChecked("the output", out.type());
      try (HostTensor gradOutput = coefficients(out.shape(), out.type())) {
        check = new ElementCheck(model, out, doubles(gradOutput), eps);
        model.backward(gradOutput);
      }
    }
    List<GradCheckReport.Element> elements = new ArrayList<>();
    for (Parameter parameter : trained) {
      final double[] found;
      try (HostTensor gradient = parameter.gradToHost()) {
        found = doubles(gradient);
      }
      for (long at : chosen(parameter)) {
        elements.add(check.compare(parameter, at, found[(int) at]));
      }
    }
    trained.forEach(Parameter::zeroGrad);
    GradCheckReport.Element worst = elements.getFirst();
    int failed = 0;
    for (GradCheckReport.Element element : elements) {
      failed += element.excess() > 1 ? 1 : 0;
      worst = element.excess() > worst.excess() ? element : worst;
    }
    return new GradCheckReport(elements.size(), failed, worst);
  }

  private static void requireChecked(String name, DType type) {
    requireArgument(
        type == DType.FLOAT32 || type == DType.FLOAT64,
        "%s is %s; check a layer of FLOAT64 or FLOAT32, whose passes are the same",
        name,
        type);
  }

  static double[] doubles(HostTensor tensor) {
    try (HostTensor wide = tensor.to(DType.FLOAT64)) {
      return wide.toDoubleArray();
    }
  }

  /** Returns the factors of the loss, as numbers of a type. */
  private HostTensor coefficients(Shape shape, DType type) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] c = new double[(int) shape.elements()];
    for (int n = 0; n < c.length; n++) {
      c[n] = random.nextDouble(0.5, 1) * (random.nextBoolean() ? 1 : -1);
    }
    try (HostTensor wide = HostTensor.of(shape, c)) {
      return wide.to(type);
    }
  }

  private List<Long> chosen(Parameter parameter) {
    long elements = parameter.rows() * parameter.columns();
    requireArgument(
        elements <= Integer.MAX_VALUE - 8,
        "%s has too many elements for a check; take a smaller table",
        parameter);
    List<Long> all = new ArrayList<>();
    for (long at = 0; at < elements; at++) {
      all.add(at);
    }
    if (elements > mostElements) {
      Collections.shuffle(all, new Random(seed));
      return all.subList(0, mostElements);
    }
    return all;
  }
}
