package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

/**
 * Norms of a matrix's rows, without the root: Σ_d x_d² for p = 2, Σ_d |x_d| for p = 1, the largest
 * |x_d| where p is infinite. The columns are added up in float32 in the order of {@link
 * EmbeddingRenorm}: the same bits on every backend.
 *
 * @param matrix [rows, columns]
 * @param norms receives [rows, 1]; may have more rows
 * @param normType p: 1, 2 or infinity
 */
public record RowNorms(Matrix matrix, Matrix norms, double normType) implements Operation {

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, both are one buffer, or p is
   *     none of the three
   */
  public RowNorms {
    Checks.requireFloat32("matrix", matrix);
    Checks.requireFloat32("norms", norms);
    requireNormType(normType);
    Checks.requireDistinct("matrix", matrix, "norms", norms);
    requireArgument(
        norms.columns() == 1 && norms.rows() >= matrix.rows(),
        "norms is [%d, %d]; [%d, 1] is needed",
        norms.rows(),
        norms.columns(),
        matrix.rows());
  }

  /**
   * Checks the p of a norm.
   *
   * @throws IllegalArgumentException if it is not 1, 2 or infinity
   */
  public static void requireNormType(double normType) {
    if (normType != 1 && normType != 2 && normType != Double.POSITIVE_INFINITY) {
      throw new IllegalArgumentException(
          "normType = " + normType + "; gradients have norms of 1, 2 and infinity");
    }
  }

  @Override
  public boolean isFloat64() {
    return false;
  }
}
