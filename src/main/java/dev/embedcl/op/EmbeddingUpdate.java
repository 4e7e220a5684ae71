package dev.embedcl.op;

/**
 * Sums the rows of a batch's gradient by id, and updates the rows of the token table that have a
 * sum: the backward pass of {@link EmbeddingForward} with an {@link AccumulateUpdate}, backward and
 * optimizer step in one with the others. Of {@code gradOutput}, the contributions that {@code
 * groups} lists for a row are each multiplied by their scale, if they have one, and summed in the
 * order of {@link Accumulation#DETERMINISTIC}; then the row is updated once.
 *
 * <p>Nothing of the table's size is made, and rows without contributions are neither read nor
 * written.
 *
 * @param gradOutput float32, [rows, embeddingDim], at least {@link IndexGroups#sourceRows()} rows
 * @param groups where each row's contributions stand
 * @param update what becomes of a row; its table is [numEmbeddings, embeddingDim]
 */
public record EmbeddingUpdate(Matrix gradOutput, IndexGroups groups, RowUpdate update)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, or {@code gradOutput} shares a
   *     buffer with what is updated
   */
  public EmbeddingUpdate {
    Checks.requireGradient("gradOutput", gradOutput, update);
    Checks.requireGroups(groups, gradOutput.rows(), update.table().rows());
  }
}
