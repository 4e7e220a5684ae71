package dev.embedcl.op;

/**
 * Adds the gradient: {@code table += g}, in one addition.
 *
 * @param table the gradient that is gathered, float32, [rows, columns]
 */
public record AccumulateUpdate(Matrix table) implements RowUpdate {

  /**
   * Checks the table.
   *
   * @throws IllegalArgumentException if it is not float32: gradients are not stored in 16 bits
   */
  public AccumulateUpdate {
    Checks.requireFloat32("the gradient that is gathered", table);
  }
}
