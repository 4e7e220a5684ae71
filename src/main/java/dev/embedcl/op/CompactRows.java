package dev.embedcl.op;

import java.lang.foreign.MemorySegment;

/**
 * The unique rows of a batch, numbered from 0 in ascending order: for sums that go to a matrix of
 * these rows alone instead of to the table. Belongs to an {@link IndexGroups} and is valid until
 * its next rebuild.
 */
public final class CompactRows {
  private int[] packed = new int[0];
  private int rows;
  private int blocks;
  private int longRows;

  CompactRows() {}

  void rebuild(IndexGroups groups) {
    rows = groups.uniqueRows();
    blocks = groups.blocks();
    longRows = groups.longRows();
    if (packed.length < packedLength()) {
      packed = new int[packedLength()];
    }
    int unique = -1;
    int longRow = 0;
    for (int block = 0; block < blocks; block++) {
      int row = groups.blockRow(block);
      if (block == 0 || row != groups.blockRow(block - 1)) {
        unique++;
        packed[unique] = row;
        if (groups.blockSlot(block) >= 0) {
          packed[rows + blocks + longRow] = unique;
          longRow++;
        }
      }
      packed[rows + block] = unique;
    }
  }

  /** Returns the table row that has a number, the numbers from 0 to below {@code uniqueRows}. */
  public int tableRow(int number) {
    return packed[number];
  }

  /** Returns the number of the row that a block belongs to. */
  public int ofBlock(int block) {
    return packed[rows + block];
  }

  /** Returns the number of a long row. */
  public int ofLongRow(int longRow) {
    return packed[rows + blocks + longRow];
  }

  /**
   * Returns, as read-only memory on the Java heap, the 32-bit integers of {@code
   * tableRow[uniqueRows], ofBlock[blocks], ofLongRow[longRows]}, one after the other.
   */
  public MemorySegment packed() {
    return MemorySegment.ofArray(packed)
        .asSlice(0, (long) packedLength() * Integer.BYTES)
        .asReadOnly();
  }

  /** Returns the length of {@link #packed()} in integers. */
  public int packedLength() {
    return rows + blocks + longRows;
  }
}
