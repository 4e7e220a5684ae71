package dev.embedcl.op;

import org.jspecify.annotations.Nullable;

/**
 * What becomes of a table's row when its gradient g is known: it is added to the row, where the
 * table is a gradient itself, or an optimizer moves the row by it. Every way of coming to a
 * gradient, {@link EmbeddingUpdate}, {@link PositionUpdate} and {@link DenseUpdate}, takes every
 * update, and the arithmetic is the same in all of them.
 *
 * <p>All arithmetic is float32, each operation rounded by itself, division and square root
 * correctly (where the device can: see {@code DeviceInfo.correctlyRoundedDivision}), in the order
 * in which the formulas are written. What depends on the step's number alone is computed in float64
 * by whoever makes the update, and handed over rounded.
 *
 * <p>A table may be stored in 16 bits: its elements are widened, moved in float32 and rounded once,
 * to the nearest number unless a {@link StochasticUpdate} says otherwise. State is float32.
 *
 * <p>Rows without a gradient are neither read nor written, nor is their state.
 */
public sealed interface RowUpdate
    permits AccumulateUpdate,
        SgdUpdate,
        AdagradUpdate,
        RowwiseAdagradUpdate,
        AdamUpdate,
        StochasticUpdate {

  /** Returns the table whose rows change, [rows, columns]. */
  Matrix table();

  /** Returns the optimizer's first matrix of state, or null when it has none. */
  default @Nullable Matrix firstState() {
    return null;
  }

  /** Returns the optimizer's second matrix of state, or null when it has none. */
  default @Nullable Matrix secondState() {
    return null;
  }

  /** Returns the update whose formula moves the rows: this one, unless it only rounds. */
  default RowUpdate formula() {
    return this;
  }
}
