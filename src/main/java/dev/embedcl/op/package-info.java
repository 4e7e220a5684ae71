/**
 * What can be asked of a backend: one validated record per operation, and what they share: the row
 * groups of a batch, and {@link dev.embedcl.op.RowUpdate}, what becomes of a row whose gradient is
 * known.
 *
 * <p>A record's constructor checks shapes, types and limits once; a backend may rely on them. May
 * import {@code memory} and nothing else of EmbedCL.
 */
@NullMarked
package dev.embedcl.op;

import org.jspecify.annotations.NullMarked;
