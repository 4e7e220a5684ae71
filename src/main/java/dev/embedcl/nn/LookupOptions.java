package dev.embedcl.nn;

import dev.embedcl.op.IndexGroups;
import java.util.OptionalLong;

/**
 * How the gradient of a lookup is formed.
 *
 * @param paddingIdx the id whose row gets no gradient, or {@link IndexGroups#NO_PADDING}
 * @param scaleGradByFreq whether each contribution is divided by how often its id occurs in the
 *     batch
 */
record LookupOptions(long paddingIdx, boolean scaleGradByFreq) {
  static final LookupOptions DEFAULT = new LookupOptions(IndexGroups.NO_PADDING, false);

  /** Returns the id whose row gets no gradient, if there is one. */
  OptionalLong padding() {
    return paddingIdx == IndexGroups.NO_PADDING
        ? OptionalLong.empty()
        : OptionalLong.of(paddingIdx);
  }
}
