package dev.embedcl.backend.cpu;

/**
 * Which rows of a gradient are summed into which rows of a table, cut into blocks of {@link
 * dev.embedcl.op.IndexGroups#BLOCK} contributions. Blocks of one row are neighbours, and
 * contributions are numbered as the blocks have them.
 */
interface RowBlocks {

  /** Returns how many rows are summed in all. */
  long contributions();

  /** Returns how many blocks they are cut into. */
  long blocks();

  /** Returns how many block sums are left for the second pass. */
  long slots();

  /** Returns how many rows of the table need the second pass. */
  int longRows();

  /** Returns the first block that starts at contribution {@code contribution} or later. */
  long firstBlockFrom(long contribution);

  /** Writes where a block's contributions start, in bytes and in order; returns how many. */
  int offsets(long block, long rowBytes, long[] rowAt);

  /** Returns whether contributions are multiplied by scales of their own. */
  boolean isScaled();

  /** Writes the scales of a block's contributions, in order; there have to be some. */
  void scales(long block, float[] scales);

  /** Writes the scales of a block's contributions where they are float64. */
  void scales(long block, double[] scales);

  /** Returns whether contributions count only in the columns that their positions won. */
  boolean hasPositions();

  /** Writes the positions of a block's contributions, in order; they have to be known. */
  void positions(long block, int[] positions);

  /** Returns the row of the table that a block belongs to. */
  long row(long block);

  /** Returns the slot for a block's sum, or -1 when the block is its row's only one. */
  long slot(long block);

  /** Returns the row of the table that the {@code longRow}-th long row is. */
  long longRow(int longRow);

  /** Returns a long row's first slot; its other slots follow, then those of the next. */
  long firstSlot(int longRow);
}
