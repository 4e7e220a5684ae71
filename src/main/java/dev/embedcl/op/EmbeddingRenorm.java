package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Shortens the rows that a batch names and that are longer than a limit, in place and each once:
 * PyTorch's {@code embedding_renorm_}. With the norm (Σ_d |w_d|^p)^(1/p), the largest |w_d| where p
 * is infinite:
 *
 * <pre>
 *   w = w · (maxNorm / (norm + 1e-7))       where norm &gt; maxNorm
 * </pre>
 *
 * <p>The same bits on every backend. For p = 1, 2 and infinity everything is float32, each
 * operation rounded, and the columns are added up as {@link RowwiseAdagradUpdate} adds up squares:
 * of {@value #LANES} partial sums that start from 0, the l-th takes the columns l, l + {@value
 * #LANES}, …; then partial sum l + 8 is added to l, for l below 8, then l + 4, l + 2 and l + 1
 * alike. A norm that float32 cannot hold is infinite, and the row becomes zeros, as in PyTorch. For
 * every other p the powers, which no two devices round alike, are computed on the host, in float64
 * with {@link StrictMath} and column after column, and only the factor is rounded to float32: rows
 * have to come from the device for that, which waits for it. A row with a NaN stays as it is.
 *
 * <p>Norms of tables of 16 bits are those of the rows in float32, and each product is rounded to
 * the nearest number that the table can store, to the even one of two; a row can so stay longer
 * than the limit by that rounding, and is then shortened again when it is named again.
 *
 * @param weight [numEmbeddings, embeddingDim]
 * @param groups names the rows: of all ids of the batch, the one that was left out for padding
 *     included
 * @param maxNorm finite and not negative
 * @param normType p, greater than 0 or infinite
 */
public record EmbeddingRenorm(Matrix weight, IndexGroups groups, double maxNorm, double normType)
    implements Operation {
  /** Partial norms in which the columns of a row are added up. */
  public static final int LANES = 16;

  /** Added to the norm that divides: PyTorch's. */
  public static final float EPS = 1e-7f;

  /** The same in float64. */
  public static final double EPS_FLOAT64 = 1e-7;

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /**
   * Checks the arguments.
   *
   * @throws IllegalArgumentException if a number is out of its range, or the groups were built for
   *     a larger table
   */
  public EmbeddingRenorm {
    requireMaxNorm(maxNorm);
    requireNormType(normType);
    requireArgument(
        groups.numEmbeddings() <= weight.rows(),
        "groups were built for %d embeddings; the table has %d rows",
        groups.numEmbeddings(),
        weight.rows());
  }

  /**
   * Checks a limit of norms.
   *
   * @throws IllegalArgumentException if it is negative or not finite in float32
   */
  public static void requireMaxNorm(double maxNorm) {
    if (!(maxNorm >= 0 && Float.isFinite((float) maxNorm))) {
      throw new IllegalArgumentException(
          "maxNorm = " + maxNorm + "; give a finite number that is not negative");
    }
  }

  /**
   * Checks the p of a norm.
   *
   * @throws IllegalArgumentException if it is not greater than 0
   */
  public static void requireNormType(double normType) {
    if (!(normType > 0)) {
      throw new IllegalArgumentException(
          "normType = " + normType + "; give a number greater than 0, or infinity");
    }
  }

  /** Returns how many rows the batch names. */
  public int rows() {
    return groups.uniqueRows() + (groups.hasPadding() ? 1 : 0);
  }

  /** Returns the number of a row that the batch names; the padding's comes last. */
  public int row(int i) {
    return i < groups.uniqueRows() ? groups.compactRows().tableRow(i) : (int) groups.paddingIdx();
  }

  /** Returns whether a device computes the norms, and not {@link #factor}. */
  public boolean isOnDevice() {
    return normType == 1 || normType == 2 || normType == Double.POSITIVE_INFINITY;
  }

  /**
   * Returns the factor of a row for any p but 1, 2 and infinity, or -1 where the row stays.
   *
   * @param rows little-endian float32, widened where the table is of 16 bits
   * @param at where the row begins, in bytes
   */
  public float factor(MemorySegment rows, long at) {
    double sum = 0;
    for (int d = 0; d < weight.columns(); d++) {
      sum += StrictMath.pow(Math.abs((double) rows.get(FLOAT, at + 4L * d)), normType);
    }
    double norm = StrictMath.pow(sum, 1 / normType);
    return norm > maxNorm ? (float) (maxNorm / (norm + EPS_FLOAT64)) : -1;
  }

  @Override
  public boolean isFloat64() {
    return weight.type() == DType.FLOAT64;
  }
}
