package dev.embedcl.op;

/**
 * Adds the gradient: {@code table += g}, in one addition.
 *
 * @param table the gradient that is gathered, float32 or float64, [rows, columns]
 */
public record AccumulateUpdate(Matrix table) implements RowUpdate {

  /**
   * Checks the table.
   *
   * @throws IllegalArgumentException if it is of 16 bits: gradients are not stored so
   */
  public AccumulateUpdate {
    Checks.requireGradientType("the gradient that is gathered", table);
  }
}
