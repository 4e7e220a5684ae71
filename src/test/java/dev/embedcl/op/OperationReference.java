package dev.embedcl.op;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the operations compute, in the plainest Java: once in float32 in the documented order of
 * additions, where every bit is prescribed, and once in float64, in any order.
 */
final class OperationReference {
  /** The unit roundoff of float32. */
  static final double U = 0x1p-24;

  private OperationReference() {}

  static float[] forward(TestBatch batch, boolean withPositions) {
    int dim = batch.embeddingDim();
    float[] out = new float[batch.count() * dim];
    for (int n = 0; n < batch.count(); n++) {
      for (int d = 0; d < dim; d++) {
        float sum = batch.weight()[batch.ids()[n] * dim + d];
        if (withPositions) {
          sum += batch.positions()[(batch.start() + n % batch.seqLen()) * dim + d];
        }
        out[n * dim + d] = sum;
      }
    }
    return out;
  }

  /** Returns which rows of gradOutput are summed for each row of the token table. */
  static Map<Integer, List<Integer>> byId(TestBatch batch) {
    Map<Integer, List<Integer>> rows = new TreeMap<>();
    for (int n = 0; n < batch.count(); n++) {
      rows.computeIfAbsent(batch.ids()[n], id -> new ArrayList<>()).add(n);
    }
    return rows;
  }

  /** Returns which rows of gradOutput are summed for each row of the positional table. */
  static Map<Integer, List<Integer>> byPosition(TestBatch batch) {
    Map<Integer, List<Integer>> rows = new TreeMap<>();
    for (int n = 0; n < batch.count(); n++) {
      int row = batch.start() + n % batch.seqLen();
      rows.computeIfAbsent(row, position -> new ArrayList<>()).add(n);
    }
    return rows;
  }

  /** Returns the sum of each row's contributions in the documented order. */
  static Map<Integer, float[]> sums(TestBatch batch, Map<Integer, List<Integer>> rows) {
    Map<Integer, float[]> sums = new TreeMap<>();
    rows.forEach((row, contributions) -> sums.put(row, orderedSum(batch, contributions)));
    return sums;
  }

  /** Returns {@code table} after adding to each row its sum. */
  static float[] added(float[] table, Map<Integer, float[]> sums) {
    float[] result = table.clone();
    sums.forEach((row, sum) -> {
      for (int d = 0; d < sum.length; d++) {
        result[row * sum.length + d] += sum[d];
      }
    });
    return result;
  }

  /** Returns {@code table} after a step of gradient descent along each row's sum. */
  static float[] stepped(float[] table, Map<Integer, float[]> sums, float learningRate) {
    float[] result = table.clone();
    sums.forEach((row, sum) -> {
      for (int d = 0; d < sum.length; d++) {
        float change = learningRate * sum[d];
        result[row * sum.length + d] -= change;
      }
    });
    return result;
  }

  /** Returns, per column, the sum of some rows of gradOutput: blocks of 64, then their sums. */
  private static float[] orderedSum(TestBatch batch, List<Integer> contributions) {
    float[] total = null;
    for (int from = 0; from < contributions.size(); from += 64) {
      int to = Math.min(from + 64, contributions.size());
      float[] block = sequentialSum(batch, contributions.subList(from, to));
      if (total == null) {
        total = block;
      } else {
        for (int d = 0; d < total.length; d++) {
          total[d] += block[d];
        }
      }
    }
    return total == null ? new float[batch.embeddingDim()] : total;
  }

  private static float[] sequentialSum(TestBatch batch, List<Integer> contributions) {
    int dim = batch.embeddingDim();
    int first = contributions.getFirst();
    float[] sum = Arrays.copyOfRange(batch.gradOutput(), first * dim, (first + 1) * dim);
    for (int n : contributions.subList(1, contributions.size())) {
      for (int d = 0; d < dim; d++) {
        sum[d] += batch.gradOutput()[n * dim + d];
      }
    }
    return sum;
  }

  /** The project's tolerance, in units of {@link #U}: good for gradients of both signs. */
  static final IntToDoubleFunction EIGHT_UNITS = _ -> 8;

  /**
   * For numbers of which nothing is known: n additions and a product may be off by n + 1 units in
   * any order; from some 30 on it is 8 + 4√n, since one lost addition of many should still show.
   */
  static final IntToDoubleFunction UNITS_OF_ANY_SUM =
      additions -> Math.max(8, Math.min(additions + 1, 8 + 4 * Math.sqrt(additions + 1)));

  /**
   * Expects {@code actual} to be {@code table + factor * Σ g}, computed in float64, within {@code
   * units · u · (|table| + |factor| · Σ|g|)}.
   *
   * @param units from the number of a row's contributions
   */
  static void assertNear(
      float[] actual,
      float[] table,
      TestBatch batch,
      Map<Integer, List<Integer>> rows,
      double factor,
      IntToDoubleFunction units) {
    int dim = batch.embeddingDim();
    double[] exact = new double[table.length];
    double[] magnitude = new double[table.length];
    for (int i = 0; i < table.length; i++) {
      exact[i] = table[i];
      magnitude[i] = Math.abs(table[i]);
    }
    double[] rowUnits = new double[table.length / dim];
    Arrays.fill(rowUnits, 8);
    rows.forEach((row, contributions) -> {
      rowUnits[row] = units.applyAsDouble(contributions.size());
      for (int n : contributions) {
        for (int d = 0; d < dim; d++) {
          double change = factor * batch.gradOutput()[n * dim + d];
          exact[row * dim + d] += change;
          magnitude[row * dim + d] += Math.abs(change);
        }
      }
    });
    for (int i = 0; i < exact.length; i++) {
      double tolerance = rowUnits[i / dim] * U * magnitude[i] + Float.MIN_VALUE;
      if (!(Math.abs(actual[i] - exact[i]) <= tolerance)) {
        assertThat((double) actual[i])
            .as("row %d, column %d of %s, ± %s", i / dim, i % dim, batch, tolerance)
            .isEqualTo(exact[i]);
      }
    }
  }

  /** Expects the same numbers bit for bit; any NaN is as good as another. */
  static void assertSameBits(float[] actual, float[] expected, int columns, @Nullable Object what) {
    assertThat(actual.length).as("elements of %s", what).isEqualTo(expected.length);
    for (int i = 0; i < expected.length; i++) {
      if (Float.floatToIntBits(actual[i]) != Float.floatToIntBits(expected[i])) {
        assertThat(Float.toHexString(actual[i]))
            .as("row %d, column %d of %s", i / columns, i % columns, what)
            .isEqualTo(Float.toHexString(expected[i]));
      }
    }
  }
}
