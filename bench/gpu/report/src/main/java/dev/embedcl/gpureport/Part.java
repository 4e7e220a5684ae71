package dev.embedcl.gpureport;

import java.util.EnumSet;
import java.util.Set;

/** What an operation reads or changes. */
enum Part {
  /** The result of a forward pass. */
  OUT,
  /** Where bags begin. */
  OFFSETS,
  /** Where the numbers of a maximum come from. */
  WINNERS,
  /** The sums of a coalesced gradient. */
  SPARSE_VALUES,
  /** The rows that those sums belong to. */
  SPARSE_ROWS,
  /** A table. */
  WEIGHT,
  /** A gradient of the table's size. */
  GRADIENT,
  /** An optimizer's first matrix of state. */
  FIRST,
  /** An optimizer's second matrix of state. */
  SECOND,
  /** One number of state for each row. */
  ROW_STATE;

  static final Set<Part> STATE = EnumSet.of(FIRST, SECOND, ROW_STATE);

  /** Whether there is one row for each row of a table. */
  boolean isOfTable() {
    return compareTo(WEIGHT) >= 0;
  }
}
