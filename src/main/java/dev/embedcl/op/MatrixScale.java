package dev.embedcl.op;

/**
 * Multiplies a matrix by a number, in place: one rounding for each element.
 *
 * @param matrix [rows, columns]
 * @param factor any number
 */
public record MatrixScale(Matrix matrix, float factor) implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if the matrix is not float32
   */
  public MatrixScale {
    Checks.requireFloat32("matrix", matrix);
  }

  @Override
  public boolean isFloat64() {
    return false;
  }
}
