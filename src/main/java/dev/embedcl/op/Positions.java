package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

/**
 * The rows of a positional table that a sequence takes: position t of every sequence belongs to row
 * {@code start + t}.
 *
 * @param table the positional table, or its gradient, [numPositions, embeddingDim]
 * @param start the row of a sequence's first position
 */
public record Positions(Matrix table, int start) {

  /**
   * Checks the start.
   *
   * @throws IllegalArgumentException if {@code start} is not in [0, table.rows()]
   */
  public Positions {
    requireArgument(
        start >= 0 && start <= table.rows(),
        "start = %d is out of range [0, %d]",
        start,
        table.rows());
  }

  /**
   * Checks that the table has a row for every position of a sequence.
   *
   * @throws IllegalArgumentException if the table ends before {@code start + seqLen}, or its rows
   *     are not {@code embeddingDim} long
   */
  public void requireLength(int seqLen, int embeddingDim) {
    Checks.requireColumns("the positional table", table, embeddingDim);
    requireArgument(
        start + (long) seqLen <= table.rows(),
        "a sequence of length %d starting at position %d needs %d positions; the positional table"
            + " has %d: use shorter sequences or a longer table",
        seqLen,
        start,
        start + (long) seqLen,
        table.rows());
  }
}
