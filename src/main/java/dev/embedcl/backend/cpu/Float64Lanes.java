package dev.embedcl.backend.cpu;

import dev.embedcl.op.RowwiseAdagradUpdate;
import java.util.Arrays;

/** Adds up the columns of a row in the order that {@link RowwiseAdagradUpdate} prescribes. */
final class Float64Lanes {
  private final double[] lanes = new double[RowwiseAdagradUpdate.LANES];
  private int next;

  /** Adds what the next column has. */
  void add(double value) {
    lanes[next] += value;
    next = (next + 1) % lanes.length;
  }

  /** Returns the sum, and starts over. */
  double total() {
    for (int half = lanes.length / 2; half >= 1; half /= 2) {
      for (int l = 0; l < half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    double total = lanes[0];
    Arrays.fill(lanes, 0);
    next = 0;
    return total;
  }
}
