package dev.embedcl.op;

import dev.embedcl.memory.DType;

/**
 * Sums the rows of a batch's gradient by position, {@code Σ_b gradOutput[b * seqLen + t, :]}, in
 * the order of {@link Accumulation#DETERMINISTIC}, and updates row {@code start + t} of the
 * positional table with the sum.
 *
 * @param gradOutput float32, [batchSize * seqLen, embeddingDim]
 * @param update what becomes of a row; its table is [numPositions, embeddingDim]
 * @param start the table's row of a sequence's first position
 * @param batchSize number of sequences, 0 allowed
 * @param seqLen ids per sequence, 0 allowed
 */
public record PositionUpdate(
    Matrix gradOutput, RowUpdate update, int start, int batchSize, int seqLen)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, the table ends before {@code
   *     start + seqLen}, or {@code gradOutput} shares a buffer with what is updated
   */
  public PositionUpdate {
    Checks.requireBatch(batchSize, seqLen);
    Checks.requireRows("gradOutput", gradOutput, (long) batchSize * seqLen);
    Checks.requireGradient("gradOutput", gradOutput, update);
    new Positions(update.table(), start).requireLength(seqLen, gradOutput.columns());
  }

  @Override
  public boolean isFloat64() {
    return gradOutput.type() == DType.FLOAT64;
  }
}
