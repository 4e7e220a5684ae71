package dev.embedcl.nn;

import java.util.Random;
import org.jspecify.annotations.Nullable;

/**
 * Token and positional table in plain arrays, with the passes written down from their definition:
 * no grouping, no sorting; each row gathers its own contributions.
 */
public final class ReferenceModel {
  private static final int BLOCK = 64;

  /** The token table, [numEmbeddings, dim]. */
  public final float[] weight;

  /** The positional table, [maxLength, dim], or null. */
  public final float @Nullable [] positions;

  private final int dim;

  /** Takes over the tables. */
  public ReferenceModel(float[] weight, float @Nullable [] positions, int dim) {
    this.weight = weight;
    this.positions = positions;
    this.dim = dim;
  }

  /** Returns {@code count} values between -1 and 1 that use all bits of a float. */
  public static float[] randomFloats(Random random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (random.nextFloat() * 2 - 1) * (1 << random.nextInt(4));
    }
    return values;
  }

  /** Returns {@code count} ids, small ones more often than large ones. */
  public static int[] randomIds(Random random, int count, int numEmbeddings) {
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      double u = random.nextDouble();
      ids[i] = (int) (numEmbeddings * u * u * u);
    }
    return ids;
  }

  /** Returns the output, [batchSize, seqLen, dim]. */
  public float[] forward(int[] ids, int batchSize, int seqLen, int start) {
    float[] out = new float[batchSize * seqLen * dim];
    for (int n = 0; n < batchSize * seqLen; n++) {
      for (int d = 0; d < dim; d++) {
        float value = weight[ids[n] * dim + d];
        if (positions != null) {
          value += positions[(start + n % seqLen) * dim + d];
        }
        out[n * dim + d] = value;
      }
    }
    return out;
  }

  /** Returns the sums of a batch by id, [numEmbeddings, dim], in the deterministic order. */
  public float[] weightSums(float[] gradOutput, int[] ids, int count) {
    float[] sums = new float[weight.length];
    for (int row = 0; row < weight.length / dim; row++) {
      final int wanted = row;
      addRow(sums, row, gradOutput, count, n -> ids[n] == wanted);
    }
    return sums;
  }

  /** Returns the sums of a batch by position, [maxLength, dim], in the deterministic order. */
  public float[] positionSums(float[] gradOutput, int batchSize, int seqLen, int start) {
    float[] sums = new float[positions == null ? 0 : positions.length];
    for (int t = 0; t < seqLen && positions != null; t++) {
      final int wanted = t;
      addRow(sums, start + t, gradOutput, batchSize * seqLen, n -> n % seqLen == wanted);
    }
    return sums;
  }

  /** Takes a step of SGD: multiplied, then subtracted. */
  public static void sgd(float[] table, float[] gradient, float learningRate) {
    for (int i = 0; i < table.length; i++) {
      float change = learningRate * gradient[i];
      table[i] -= change;
    }
  }

  private void addRow(
      float[] sums, int row, float[] gradOutput, int count, java.util.function.IntPredicate in) {
    for (int d = 0; d < dim; d++) {
      float total = 0;
      float block = 0;
      int inBlock = 0;
      boolean first = true;
      for (int n = 0; n < count; n++) {
        if (!in.test(n)) {
          continue;
        }
        float value = gradOutput[n * dim + d];
        block = inBlock == 0 ? value : block + value;
        if (++inBlock == BLOCK) {
          total = first ? block : total + block;
          first = false;
          inBlock = 0;
        }
      }
      if (inBlock > 0) {
        total = first ? block : total + block;
      }
      sums[row * dim + d] = total;
    }
  }
}
