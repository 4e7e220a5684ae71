package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;

/**
 * Updates every row of a table by a dense gradient.
 *
 * @param gradWeight float32, [rows, columns], unchanged
 * @param update what becomes of a row; its table is [rows, columns]
 */
public record DenseUpdate(Matrix gradWeight, RowUpdate update) implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if the sizes differ, or {@code gradWeight} shares a buffer
   *     with what is updated
   */
  public DenseUpdate {
    Matrix table = update.table();
    requireArgument(
        gradWeight.rows() == table.rows() && gradWeight.columns() == table.columns(),
        "gradWeight is [%d, %d] but the table is [%d, %d]",
        gradWeight.rows(),
        gradWeight.columns(),
        table.rows(),
        table.columns());
    Checks.requireGradient("gradWeight", gradWeight, update);
  }

  @Override
  public boolean isFloat64() {
    return gradWeight.type() == DType.FLOAT64;
  }
}
