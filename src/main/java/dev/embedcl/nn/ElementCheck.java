package dev.embedcl.nn;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.GradCheck.Model;
import dev.embedcl.op.IndexGroups;

/** Compares single elements of a gradient with central differences, as {@link GradCheck} tells. */
final class ElementCheck {
  private final Model model;
  private final double[] c;
  private final double eps;
  private final double unitRoundoff;
  private final double[] magnitudes;

  /**
   * Creates a check of a model whose parameters are as they were for an output.
   *
   * @param out what the model gave
   * @param c the factors of the loss, which the model was given for a gradient
   * @param eps by how much elements are changed; not a number for the default of their type
   */
  ElementCheck(Model model, HostTensor out, double[] c, double eps) {
    this.model = model;
    this.c = c;
    this.eps = eps;
    this.unitRoundoff = out.type() == DType.FLOAT64 ? 0x1p-53 : 0x1p-24;
    this.magnitudes = model.magnitudes(out);
  }

  /** Returns through how many roundings the first of so many summands goes, in blocks. */
  static int roundings(int summands) {
    return Math.min(summands, IndexGroups.BLOCK) + Math.ceilDiv(summands, IndexGroups.BLOCK);
  }

  /**
   * Compares an element, which is as it was afterwards.
   *
   * @param found what the model's backward pass gave for it
   */
  GradCheckReport.Element compare(Parameter parameter, long at, double found) {
    TableElement element = new TableElement(parameter.matrix(), at);
    final double before = element.read();
    final double h = Double.isNaN(eps) ? defaultEps(parameter) : eps;
    final double above;
    final double below;
    final double[] upper;
    final double[] lower;
    try {
      above = element.write(before + h);
      upper = forward();
      below = element.write(before - h);
      lower = forward();
    } finally {
      element.write(before);
    }
    double twoH = above - below;
    double difference = 0;
    double magnitude = 0;
    int changed = 0;
    for (int n = 0; n < c.length; n++) {
      double moved = upper[n] - lower[n];
      if (moved != 0) {
        changed++;
        difference += c[n] * moved;
        double largest = Math.max(magnitudes[n], Math.max(Math.abs(upper[n]), Math.abs(lower[n])));
        magnitude += Math.abs(c[n]) * (2 * largest + Math.abs(moved));
      }
    }
    long row = at / parameter.columns();
    double factor = model.factor(parameter, row);
    double roundings = 8 + model.roundings() + roundings(changed);
    return new GradCheckReport.Element(
        parameter.name(),
        row,
        (int) (at % parameter.columns()),
        factor * difference / twoH,
        found,
        factor * roundings * unitRoundoff * magnitude / twoH);
  }

  private double[] forward() {
    try (HostTensor out = model.forward()) {
      return GradCheck.doubles(out);
    }
  }

  private static double defaultEps(Parameter parameter) {
    return parameter.dtype() == DType.FLOAT64
        ? GradCheck.DEFAULT_EPS_FLOAT64
        : GradCheck.DEFAULT_EPS;
  }
}
