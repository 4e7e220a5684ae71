package dev.embedcl.nn;

import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Positions;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of one batch before anything is summed: what a fused optimizer step takes. Row
 * {@code id} of {@code weight} has the gradient Σ gradOutput[n, :] over the n that {@code groups}
 * lists for it; row {@code start + t} of {@code positions} the sum over the batch.
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
 */
public record BatchGradient(
    Matrix gradOutput,
    IndexGroups groups,
    Parameter weight,
    @Nullable Parameter positions,
    int start,
    int batchSize,
    int seqLen) {

  /** Returns the positional table's rows as operations take them, or null when there is none. */
  public @Nullable Positions positionRows() {
    return positions == null ? null : new Positions(positions.matrix(), start);
  }
}
