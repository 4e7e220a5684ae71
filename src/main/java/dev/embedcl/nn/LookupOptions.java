package dev.embedcl.nn;

import dev.embedcl.memory.DType;
import dev.embedcl.op.IndexGroups;
import org.jspecify.annotations.Nullable;

/**
 * How the output and the gradient of a lookup are formed.
 *
 * @param paddingIdx the id whose row gets no gradient, or {@link IndexGroups#NO_PADDING}
 * @param scaleGradByFreq whether each contribution is divided by how often its id occurs in the
 *     batch
 * @param outputDtype the type of the output, float32 or the token table's; null for the latter
 */
record LookupOptions(long paddingIdx, boolean scaleGradByFreq, @Nullable DType outputDtype) {
  static final LookupOptions DEFAULT = new LookupOptions(IndexGroups.NO_PADDING, false, null);
}
