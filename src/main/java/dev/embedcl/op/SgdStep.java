package dev.embedcl.op;

import org.jspecify.annotations.Nullable;

/**
 * The backward pass and a step of stochastic gradient descent in one: {@code weight[id, :] -=
 * learningRate * Σ gradOutput[n, :]} over all n with {@code indices[n] = id}, and the same for the
 * positional table. No gradient of the table's size exists; rows that no id names are neither read
 * nor written.
 *
 * <p>Each sum is formed in the order of {@link Accumulation#DETERMINISTIC}, then multiplied, then
 * subtracted, each rounded to float32: the same bits as {@link EmbeddingBackward} into zeros
 * followed by {@link DenseSgdStep}, but for the sign of a zero.
 *
 * @param gradOutput [batchSize * seqLen, embeddingDim]
 * @param groups where each row's contributions stand
 * @param weight the token table, [numEmbeddings, embeddingDim]
 * @param positions the positional table, or null when there is none
 * @param batchSize number of sequences, 0 allowed
 * @param seqLen ids per sequence, 0 allowed
 * @param learningRate finite
 */
public record SgdStep(
    Matrix gradOutput,
    IndexGroups groups,
    Matrix weight,
    @Nullable Positions positions,
    int batchSize,
    int seqLen,
    float learningRate)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, {@code gradOutput} shares a
   *     buffer with a table or {@code learningRate} is not finite
   */
  public SgdStep {
    Checks.requireBatch(batchSize, seqLen);
    int count = batchSize * seqLen;
    Checks.requireRows("gradOutput", gradOutput, count);
    Checks.requireColumns("gradOutput", gradOutput, weight.columns());
    Checks.requireDistinct("gradOutput", gradOutput, "weight", weight);
    groups.requireFits(count, weight.rows());
    if (positions != null) {
      positions.requireLength(seqLen, weight.columns());
      Checks.requireDistinct("gradOutput", gradOutput, "the positional table", positions.table());
      Checks.requireDistinct("weight", weight, "the positional table", positions.table());
    }
    DenseSgdStep.requireLearningRate(learningRate);
  }
}
