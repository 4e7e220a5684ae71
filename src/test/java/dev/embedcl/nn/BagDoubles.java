package dev.embedcl.nn;

import dev.embedcl.op.BagMode;
import org.jspecify.annotations.Nullable;

/**
 * What a layer over bags gives in float64, by the definitions and in the plainest loops, and for
 * each number the sum of the magnitudes it was made of: the scale of a rounding error.
 */
final class BagDoubles {
  final double[] output;
  final double[] outputMagnitude;
  final double[] gradWeight;
  final double[] gradWeightMagnitude;
  final double[] gradSampleWeights;
  final double[] gradSampleWeightsMagnitude;

  /**
   * Computes everything.
   *
   * @param starts where each bag begins, and where the last one ends
   * @param sampleWeights null for none
   * @param padding an id, or -1
   */
  BagDoubles(
      BagMode mode,
      float[] weight,
      int dim,
      int[] ids,
      int[] starts,
      float @Nullable [] sampleWeights,
      int padding,
      boolean byFrequency,
      float[] gradOutput) {
    int bags = starts.length - 1;
    output = new double[bags * dim];
    outputMagnitude = new double[bags * dim];
    gradWeight = new double[weight.length];
    gradWeightMagnitude = new double[weight.length];
    gradSampleWeights = new double[ids.length];
    gradSampleWeightsMagnitude = new double[ids.length];
    int[] frequency = new int[weight.length / dim];
    for (int n = 0; n < starts[bags]; n++) {
      frequency[ids[n]]++;
    }
    for (int b = 0; b < bags; b++) {
      int size = 0;
      for (int n = starts[b]; n < starts[b + 1]; n++) {
        size += ids[n] == padding ? 0 : 1;
      }
      for (int d = 0; d < dim; d++) {
        int at = b * dim + d;
        int winner = -1;
        for (int n = starts[b]; n < starts[b + 1]; n++) {
          if (ids[n] != padding
              && (winner < 0 || weight[ids[n] * dim + d] > weight[ids[winner] * dim + d])) {
            winner = n;
          }
        }
        for (int n = starts[b]; n < starts[b + 1]; n++) {
          if (ids[n] == padding) {
            continue;
          }
          int row = ids[n] * dim + d;
          double share =
              switch (mode) {
                case SUM -> sampleWeights == null ? 1 : sampleWeights[n];
                case MEAN -> 1.0 / size;
                case MAX -> n == winner ? 1 : 0;
              };
          output[at] += share * weight[row];
          outputMagnitude[at] += Math.abs(share * weight[row]);
          double contribution = share * gradOutput[at] / (byFrequency ? frequency[ids[n]] : 1);
          gradWeight[row] += contribution;
          gradWeightMagnitude[row] += Math.abs(contribution);
          double product = (double) weight[row] * gradOutput[at];
          gradSampleWeights[n] += product;
          gradSampleWeightsMagnitude[n] += Math.abs(product);
        }
      }
    }
  }
}
