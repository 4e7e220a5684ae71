package dev.embedcl.bench;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;

/**
 * Checks steps of Adam on touched rows against float64, by the formulas of {@code
 * torch.optim.SparseAdam}. Division and square root round, and in an order that each may choose: a
 * weight may be off by 10⁻⁶ of itself, or by 10⁻⁶ where it is less than 1.
 */
public final class AdamReference {
  /** How much of the first moment a step keeps. */
  public static final double BETA1 = 0.9;

  /** How much of the second moment a step keeps. */
  public static final double BETA2 = 0.999;

  /** What is added to the root of the second moment. */
  public static final double EPS = 1e-8;

  private static final double TOLERANCE = 1e-6;
  private static final int STEPS = 2;

  private final Inputs inputs;
  private final Reference reference;
  private final int dim;

  AdamReference(Inputs inputs) {
    this.inputs = inputs;
    this.reference = new Reference(inputs);
    this.dim = inputs.embeddingDim();
  }

  /**
   * Returns the rate of a step with both moments' bias corrected.
   *
   * @param step counted from 1
   */
  public static double rate(long step) {
    return Inputs.LEARNING_RATE
        * Math.sqrt(1 - Math.pow(BETA2, step))
        / (1 - Math.pow(BETA1, step));
  }

  /** Returns how many steps to do for {@link #require}: with the first sets of ids, from 0 on. */
  public int steps() {
    return STEPS;
  }

  /** Checks both tables, [rows, embeddingDim], every row, after the steps. */
  public void require(MemorySegment weight, MemorySegment positions) {
    Map<Integer, Moments> tokens = new HashMap<>();
    Map<Integer, Moments> places = new HashMap<>();
    for (int set = 0; set < STEPS; set++) {
      step(tokens, reference.weightSums(set), set + 1);
      step(places, reference.positionSums(), set + 1);
    }
    require("weight", weight, inputs.numEmbeddings, Contents.WEIGHT, tokens);
    require("positions", positions, inputs.seqLen(), Contents.POSITIONS, places);
  }

  /** What steps have made of a row, and of what was added to its weights. */
  private record Moments(double[] first, double[] second, double[] change) {}

  private void step(Map<Integer, Moments> table, Map<Integer, float[]> gradients, int step) {
    gradients.forEach((row, gradient) -> {
      Moments moments =
          table.computeIfAbsent(
              row, r -> new Moments(new double[dim], new double[dim], new double[dim]));
      for (int i = 0; i < dim; i++) {
        double g = gradient[i];
        moments.first[i] = BETA1 * moments.first[i] + (1 - BETA1) * g;
        moments.second[i] = BETA2 * moments.second[i] + (1 - BETA2) * g * g;
        moments.change[i] -= rate(step) * moments.first[i] / (Math.sqrt(moments.second[i]) + EPS);
      }
    });
  }

  private void require(
      String name, MemorySegment table, int rows, Contents before, Map<Integer, Moments> changes) {
    Reference.requireSize(name, table, (long) rows * dim);
    for (int row = 0; row < rows; row++) {
      Moments moments = changes.get(row);
      for (int i = 0; i < dim; i++) {
        long index = (long) row * dim + i;
        double expected = before.at(index) + (moments == null ? 0 : moments.change[i]);
        double actual = Reference.at(table, index);
        if (!(Math.abs(actual - expected) <= TOLERANCE * Math.max(1, Math.abs(expected)))) {
          throw new IllegalStateException(
              "%s[%d, %d] = %s, not %s; not timed".formatted(name, row, i, actual, expected));
        }
      }
    }
  }
}
