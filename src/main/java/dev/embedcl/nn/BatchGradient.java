package dev.embedcl.nn;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of one batch before anything is summed: what a fused optimizer step takes. Row
 * {@code id} of {@code weight} has the gradient Σ gradOutput[n, :] over the n that {@code groups}
 * lists for it, each times its scale if it has one; row {@code start + t} of {@code positions} has
 * the sum over the batch. A parameter that does not {@link Parameter#requiresGrad require} its
 * gradient is to be left alone.
 *
 * <p>Valid until the layer's next {@code forward}, which rebuilds the groups.
 *
 * @param gradOutput [batchSize * seqLen, embeddingDim]
 * @param groups where each row's contributions stand
 * @param weight the token table
 * @param positions the positional table, or null when there is none
 * @param start the position of each sequence's first id
 * @param batchSize number of sequences
 * @param seqLen ids per sequence
 * @param winners of bags whose maximum was taken, the position that won each element of {@code
 *     gradOutput}; null where all elements count
 */
public record BatchGradient(
    Matrix gradOutput,
    IndexGroups groups,
    Parameter weight,
    @Nullable Parameter positions,
    int start,
    int batchSize,
    int seqLen,
    @Nullable DeviceBuffer winners) {

  /** Returns the gradient of bags, whose rows are those of {@code gradOutput}. */
  static BatchGradient ofBags(
      Matrix gradOutput, IndexGroups groups, Parameter weight, @Nullable DeviceBuffer winners) {
    return new BatchGradient(gradOutput, groups, weight, null, 0, groups.sourceRows(), 1, winners);
  }

  /** Returns the operation that sums the gradient of the token table and updates its rows. */
  public EmbeddingUpdate weightUpdate(RowUpdate update) {
    return new EmbeddingUpdate(gradOutput, groups, update, winners);
  }
}
