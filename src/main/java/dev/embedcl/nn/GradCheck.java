package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.SplittableRandom;

/**
 * Compares a layer's backward pass with central differences of its forward pass. The loss is Σ_n
 * c_n · out_n in float64, with c from a seed: its gradient of an element w is compared with (loss(w
 * + h) − loss(w − h)) / 2h, where 2h is the exact difference of the two float32 values that were
 * written. Elements are changed one by one and put back; gradients are forgotten.
 *
 * <p>The layer computes in float32 (unit roundoff u = 2^-24), so its outputs are wrong by up to a
 * few u of themselves, which a division by 2h enlarges. An output that is a sum of few table
 * elements is linear in each, so that no error grows with h, and h may be as large as the elements:
 * {@value #DEFAULT_EPS} unless it is given. With S the outputs that the change of w changes, and k
 * = 8 + min(|S|, 64) + |S| / 64 roundings in the layer's sums (in blocks of 64), the tolerance is
 *
 * <pre>
 *   k · u · Σ_S |c_n| · (|out_n(w + h)| + |out_n(w − h)| + |out_n(w + h) − out_n(w − h)|) / 2h
 * </pre>
 *
 * <p>and 0 where w changes no output: there the gradient has to be 0.
 */
public final class GradCheck {
  /** By how much elements are changed: 2^-6. */
  public static final double DEFAULT_EPS = 0x1p-6;

  private static final double UNIT_ROUNDOFF = 0x1p-24;

  /** Blocks of this many contributions are summed before block sums are. */
  private static final int BLOCK = 64;

  /** What a layer is for a check. */
  public interface Model {
    /** Returns what may be changed and has gradients. */
    List<Parameter> parameters();

    /** Runs the forward pass and returns the output, which the check closes. */
    HostTensor forward();

    /**
     * Adds to the gradients of the parameters.
     *
     * @param gradOutput of the output's shape
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
  }

  private final Model model;
  private double eps = DEFAULT_EPS;
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
    LookupOptions options = layer.lookupOptions();
    requireArgument(
        !options.hasMaxNorm(),
        "maxNorm = %s: the gradient ignores that forward shortens rows; check without it",
        options.maxNorm());
    Map<Long, Integer> counts = new HashMap<>();
    for (int id : ids) {
      boolean good = id >= 0 && id < layer.numEmbeddings();
      counts.merge(good ? id : options.clampTo(), 1, Integer::sum);
    }
    Parameter weight = layer.parameters().getFirst();
    return of(
        new Model() {
          @Override
          public List<Parameter> parameters() {
            return layer.parameters();
          }

          @Override
          public HostTensor forward() {
            return layer.forward(ids, batchSize, seqLen).toHost();
          }

          @Override
          public void backward(HostTensor gradOutput) {
            layer.backward(gradOutput);
          }

          @Override
          @SuppressWarnings("ReferenceEquality") // the very parameter is meant
          public double factor(Parameter parameter, long row) {
            if (parameter != weight) {
              return 1;
            }
            return row == options.paddingIdx()
                ? 0
                : options.scaleGradByFreq() ? 1.0 / counts.getOrDefault(row, 1) : 1;
          }
        });
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
   * @throws IllegalArgumentException if no parameter requires a gradient
   * @throws IllegalStateException if the layer or its backend was closed
   */
  public GradCheckReport run() {
    List<Parameter> trained = model.parameters().stream().filter(Parameter::requiresGrad).toList();
    requireArgument(
        !trained.isEmpty(), "no parameter requires a gradient; thaw one with requiresGrad(true)");
    trained.forEach(Parameter::zeroGrad);
    final float[] c;
    try (HostTensor out = model.forward()) {
      c = coefficients((int) out.elements());
      try (HostTensor gradOutput = HostTensor.of(out.shape(), c)) {
        model.backward(gradOutput);
      }
    }
    List<GradCheckReport.Element> elements = new ArrayList<>();
    for (Parameter parameter : trained) {
      float[] found = gradient(parameter);
      for (long at : chosen(parameter)) {
        elements.add(compare(parameter, at, c, found[(int) at]));
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

  private GradCheckReport.Element compare(Parameter parameter, long at, float[] c, float found) {
    float[] element = new float[1];
    MemorySegment segment = MemorySegment.ofArray(element);
    Matrix matrix = parameter.matrix();
    matrix.buffer().read(at, segment);
    final float before = element[0];
    final float above = (float) (before + eps);
    final float below = (float) (before - eps);
    final float[] upper;
    final float[] lower;
    try {
      upper = forwardWith(matrix, at, above);
      lower = forwardWith(matrix, at, below);
    } finally {
      element[0] = before;
      matrix.buffer().write(at, segment);
    }
    double twoH = (double) above - below;
    double difference = 0;
    double magnitude = 0;
    int changed = 0;
    for (int n = 0; n < c.length; n++) {
      double moved = (double) upper[n] - lower[n];
      if (moved != 0) {
        changed++;
        difference += c[n] * moved;
        magnitude +=
            Math.abs(c[n]) * (Math.abs(upper[n]) + (double) Math.abs(lower[n]) + Math.abs(moved));
      }
    }
    long row = at / parameter.columns();
    double factor = model.factor(parameter, row);
    double roundings = 8 + Math.min(changed, BLOCK) + changed / (double) BLOCK;
    return new GradCheckReport.Element(
        parameter.name(),
        row,
        (int) (at % parameter.columns()),
        factor * difference / twoH,
        found,
        factor * roundings * UNIT_ROUNDOFF * magnitude / twoH);
  }

  private float[] forwardWith(Matrix matrix, long at, float value) {
    matrix.buffer().write(at, MemorySegment.ofArray(new float[] {value}));
    try (HostTensor out = model.forward()) {
      return out.toFloatArray();
    }
  }

  private static float[] gradient(Parameter parameter) {
    try (HostTensor host = parameter.gradToHost()) {
      return host.toFloatArray();
    }
  }

  private float[] coefficients(int count) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] c = new float[count];
    for (int n = 0; n < count; n++) {
      c[n] = (float) random.nextDouble(0.5, 1) * (random.nextBoolean() ? 1 : -1);
    }
    return c;
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
