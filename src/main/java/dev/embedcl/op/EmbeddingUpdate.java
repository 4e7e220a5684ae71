package dev.embedcl.op;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Sums the rows of a batch's gradient by id, and updates the rows of the token table that have a
 * sum: the backward pass of {@link EmbeddingForward} with an {@link AccumulateUpdate}, backward and
 * optimizer step in one with the others. Of {@code gradOutput}, the contributions that {@code
 * groups} lists for a row are each multiplied by their scale, if they have one, and summed in the
 * order of {@link Accumulation#DETERMINISTIC}; then the row is updated once.
 *
 * <p>Of bags in mode {@link BagMode#MAX}, a column counts only where the contribution's position
 * won it: with {@code winners}, a contribution is {@code winners[row, d] == batchPosition ?
 * gradOutput[row, d] : 0}, before it is scaled. Rows that the batch names and that won nothing have
 * a gradient of zeros.
 *
 * <p>Nothing of the table's size is made, and rows without contributions are neither read nor
 * written.
 *
 * @param gradOutput float32, [rows, embeddingDim], at least {@link IndexGroups#sourceRows()} rows
 * @param groups where each row's contributions stand
 * @param update what becomes of a row; its table is [numEmbeddings, embeddingDim]
 * @param winners what {@link EmbeddingBagForward} recorded, [rows, embeddingDim], or null where all
 *     columns count; given if and only if {@code groups} {@link IndexGroups#keepPositions keep
 *     positions}
 */
public record EmbeddingUpdate(
    Matrix gradOutput, IndexGroups groups, RowUpdate update, @Nullable DeviceBuffer winners)
    implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, {@code gradOutput} shares a
   *     buffer with what is updated, or there are winners and no positions or the other way round
   */
  public EmbeddingUpdate {
    Checks.requireGradient("gradOutput", gradOutput, update);
    Checks.requireGroups(groups, gradOutput, update.table().rows());
    Checks.requireWinnersOf(gradOutput, groups, winners);
  }

  /**
   * Creates an operation for which all columns count.
   *
   * @throws IllegalArgumentException as the other constructor
   */
  public EmbeddingUpdate(Matrix gradOutput, IndexGroups groups, RowUpdate update) {
    this(gradOutput, groups, update, null);
  }

  @Override
  public boolean isFloat64() {
    return gradOutput.type() == DType.FLOAT64;
  }
}
