package dev.embedcl.nn;

import dev.embedcl.memory.DType;
import dev.embedcl.op.IndexGroups;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * How a lookup takes its ids and forms its output and its gradient.
 *
 * @param paddingIdx the id whose row gets no gradient, or {@link IndexGroups#NO_PADDING}
 * @param scaleGradByFreq whether each contribution is divided by how often its id occurs in the
 *     batch
 * @param maxNorm to what norm rows are shortened before they are looked up, or {@link #NO_MAX_NORM}
 * @param normType the p of that norm
 * @param clampTo the row that ids out of range stand for, or {@link #NO_CLAMP}
 * @param outputDtype the type of the output, float32 or the token table's; null for the latter
 */
record LookupOptions(
    long paddingIdx,
    boolean scaleGradByFreq,
    double maxNorm,
    double normType,
    long clampTo,
    @Nullable DType outputDtype) {
  static final double NO_MAX_NORM = Double.POSITIVE_INFINITY;
  static final double EUCLIDEAN = 2;
  static final long NO_CLAMP = -1;

  static final LookupOptions DEFAULT =
      new LookupOptions(IndexGroups.NO_PADDING, false, NO_MAX_NORM, EUCLIDEAN, NO_CLAMP, null);

  boolean hasMaxNorm() {
    return maxNorm != NO_MAX_NORM;
  }

  /** Returns the limit of rows' norms, if there is one. */
  OptionalDouble normLimit() {
    return hasMaxNorm() ? OptionalDouble.of(maxNorm) : OptionalDouble.empty();
  }

  boolean clamps() {
    return clampTo != NO_CLAMP;
  }

  /** Returns the row that ids out of range stand for; empty where they are an error. */
  OptionalLong clampRow() {
    return clamps() ? OptionalLong.of(clampTo) : OptionalLong.empty();
  }

  /** Returns the type of the outputs that a layer makes of a table. */
  DType outputOf(Parameter table) {
    return outputDtype == null ? table.dtype() : outputDtype;
  }

  /** Returns the id whose row gets no gradient, if there is one. */
  OptionalLong padding() {
    return paddingIdx == IndexGroups.NO_PADDING
        ? OptionalLong.empty()
        : OptionalLong.of(paddingIdx);
  }
}
