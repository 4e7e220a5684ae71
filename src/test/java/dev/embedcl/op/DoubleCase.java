package dev.embedcl.op;

import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Numbers, ids and bags of float64, and what the operations make of them in the plainest loops, in
 * the order that their documentation prescribes.
 */
final class DoubleCase {
  static final int PADDING = 2;

  final int batchSize;
  final int seqLen;
  final int rows;
  final int dim;
  final int start = 1;
  final int[] ids;
  final int[] starts;
  final double[] weight;
  final double[] positions;

  /** Of a sequence; of bags its first rows count. */
  final double[] gradOutput;

  final double[] sampleWeights;

  DoubleCase(long seed, int batchSize, int seqLen, int rows, int dim) {
    SplittableRandom random = new SplittableRandom(seed);
    this.batchSize = batchSize;
    this.seqLen = seqLen;
    this.rows = rows;
    this.dim = dim;
    int count = batchSize * seqLen;
    // One row in three is the first, so that it has more than a block.
    ids = random.ints(count, -rows / 2, rows).map(id -> Math.max(id, 0)).toArray();
    int bags = Math.max(1, Math.min(5, count));
    starts = random.ints(bags + 1, 0, count + 1).sorted().toArray();
    starts[0] = 0;
    starts[bags] = count;
    weight = numbers(random, rows * dim);
    positions = numbers(random, (start + seqLen + 1) * dim);
    gradOutput = numbers(random, Math.max(count, bags) * dim);
    sampleWeights = numbers(random, count);
  }

  int count() {
    return ids.length;
  }

  int bags() {
    return starts.length - 1;
  }

  static double[] numbers(SplittableRandom random, int count) {
    return random.doubles(count, -1, 1).toArray();
  }

  double[] forward(boolean withPositions) {
    double[] out = new double[count() * dim];
    for (int i = 0; i < out.length; i++) {
      int n = i / dim;
      out[i] = weight[ids[n] * dim + i % dim];
      if (withPositions) {
        out[i] += positions[(start + n % seqLen) * dim + i % dim];
      }
    }
    return out;
  }

  /** One summand of a row's gradient. */
  record Part(int sourceRow, double scale, int position) {}

  /**
   * Returns the sum of the parts of each row: blocks of 64 from their first part on, then those.
   *
   * @param winners null where all columns count
   */
  Map<Integer, double[]> sums(Map<Integer, Part[]> parts, int @Nullable [] winners) {
    Map<Integer, double[]> sums = new TreeMap<>();
    parts.forEach((row, all) -> {
      double[] sum = new double[dim];
      for (int d = 0; d < dim; d++) {
        for (int from = 0; from < all.length; from += 64) {
          double block = 0;
          for (int i = from; i < Math.min(from + 64, all.length); i++) {
            int at = all[i].sourceRow * dim + d;
            boolean counts = winners == null || winners[at] == all[i].position;
            double x = (counts ? gradOutput[at] : 0) * all[i].scale;
            block = i == from ? x : block + x;
          }
          sum[d] = from == 0 ? block : sum[d] + block;
        }
      }
      sums.put(row, sum);
    });
    return sums;
  }

  /** Returns the positions of each id, each taking row {@code sourceOf} times {@code scaleOf}. */
  Map<Integer, Part[]> byId(int padding, int[] sourceOf, double[] scaleOf) {
    Map<Integer, Part[]> parts = new TreeMap<>();
    for (int n = 0; n < count(); n++) {
      if (ids[n] != padding) {
        Part[] before = parts.getOrDefault(ids[n], new Part[0]);
        Part[] after = Arrays.copyOf(before, before.length + 1);
        after[before.length] = new Part(sourceOf[n], scaleOf[n], n);
        parts.put(ids[n], after);
      }
    }
    return parts;
  }

  Map<Integer, Part[]> byPosition() {
    Map<Integer, Part[]> parts = new TreeMap<>();
    for (int t = 0; t < seqLen && batchSize > 0; t++) {
      Part[] all = new Part[batchSize];
      for (int b = 0; b < batchSize; b++) {
        all[b] = new Part(b * seqLen + t, 1, 0);
      }
      parts.put(start + t, all);
    }
    return parts;
  }

  double[] added(double[] table, Map<Integer, double[]> sums) {
    double[] result = table.clone();
    sums.forEach((row, sum) -> {
      for (int d = 0; d < dim; d++) {
        result[row * dim + d] += sum[d];
      }
    });
    return result;
  }

  /** Returns 1 / (how often the id of each position occurs), padding's included. */
  double[] frequencyScales() {
    double[] scales = new double[count()];
    Arrays.setAll(scales, n -> 1.0 / Arrays.stream(ids).filter(id -> id == ids[n]).count());
    return scales;
  }

  int[] bagOfPosition() {
    int[] bagOf = new int[count()];
    for (int b = 0; b < bags(); b++) {
      Arrays.fill(bagOf, starts[b], starts[b + 1], b);
    }
    return bagOf;
  }

  /** Returns the bags' vectors; for the maximum, writes the winners. */
  double[] bagForward(BagMode mode, boolean weighted, int[] winners) {
    double[] out = new double[bags() * dim];
    Arrays.fill(winners, -1);
    for (int b = 0; b < bags(); b++) {
      for (int d = 0; d < dim; d++) {
        int at = b * dim + d;
        int taken = 0;
        for (int from = starts[b]; from < starts[b + 1]; from += 64) {
          double block = 0;
          int inBlock = 0;
          for (int n = from; n < Math.min(from + 64, starts[b + 1]); n++) {
            if (ids[n] == PADDING) {
              continue;
            }
            double x = weight[ids[n] * dim + d] * (weighted ? sampleWeights[n] : 1);
            if (mode == BagMode.MAX && (winners[at] < 0 || x > out[at])) {
              out[at] = x;
              winners[at] = n;
            }
            block = inBlock == 0 ? x : block + x;
            inBlock++;
          }
          if (mode != BagMode.MAX && inBlock > 0) {
            out[at] = taken == 0 ? block : out[at] + block;
          }
          taken += inBlock;
        }
        if (mode == BagMode.MEAN && taken > 1) {
          out[at] /= taken;
        }
      }
    }
    return out;
  }

  double[] sampleWeightsGradient() {
    double[] gradient = new double[count()];
    int[] bagOf = bagOfPosition();
    for (int n = 0; n < count(); n++) {
      double[] products = new double[dim];
      for (int d = 0; d < dim; d++) {
        products[d] = weight[ids[n] * dim + d] * gradOutput[bagOf[n] * dim + d];
      }
      gradient[n] = ids[n] == PADDING ? 0 : laneSum(products);
    }
    return gradient;
  }

  double[] renormed(double maxNorm, double p) {
    double[] result = weight.clone();
    for (int id : Arrays.stream(ids).distinct().toArray()) {
      double[] powers = new double[dim];
      for (int d = 0; d < dim; d++) {
        double x = Math.abs(weight[id * dim + d]);
        powers[d] =
            p == 1 || p == Double.POSITIVE_INFINITY ? x : p == 2 ? x * x : StrictMath.pow(x, p);
      }
      double norm;
      if (p == Double.POSITIVE_INFINITY) {
        norm = Arrays.stream(powers).max().orElseThrow();
      } else if (p == 1 || p == 2) {
        norm = p == 2 ? Math.sqrt(laneSum(powers)) : laneSum(powers);
      } else {
        double sum = 0;
        for (double power : powers) {
          sum += power;
        }
        norm = StrictMath.pow(sum, 1 / p);
      }
      for (int d = 0; norm > maxNorm && d < dim; d++) {
        result[id * dim + d] *= maxNorm / (norm + 1e-7);
      }
    }
    return result;
  }

  private static double laneSum(double[] values) {
    double[] lanes = new double[16];
    for (int d = 0; d < values.length; d++) {
      lanes[d % 16] += values[d];
    }
    double[] eight = new double[8];
    Arrays.setAll(eight, l -> lanes[l] + lanes[l + 8]);
    double[] four = new double[4];
    Arrays.setAll(four, l -> eight[l] + eight[l + 4]);
    return (four[0] + four[2]) + (four[1] + four[3]);
  }

  @Override
  public String toString() {
    return "[%d, %d] of %d rows of %d".formatted(batchSize, seqLen, rows, dim);
  }
}
