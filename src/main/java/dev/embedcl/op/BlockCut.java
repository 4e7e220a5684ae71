package dev.embedcl.op;

/**
 * Cuts the rows of {@link IndexGroups} into blocks: writes behind the sorted positions where each
 * block starts, to which row it belongs and where its sum goes, and the same of the long rows.
 */
final class BlockCut {
  private int count;
  private int uniqueRows;
  private int blocks;
  private int longRows;
  private int slots;

  /** Returns how many integers the groups of {@code count} ids take at most. */
  static long packedLimit(int count) {
    // At most count blocks, and at most one long row per block's worth of ids.
    return 4L * count + 2L * (count / IndexGroups.BLOCK) + 2;
  }

  /** Returns where the ids that equal the one at {@code begin} end. */
  static int endOfRow(int[] keys, int begin, int count) {
    int row = keys[begin];
    int end = begin + 1;
    while (end < count && keys[end] == row) {
      end++;
    }
    return end;
  }

  /**
   * Cuts rows into blocks.
   *
   * @param keys the first {@code count} are ids in ascending order
   * @param packed holds {@code count} positions; the rest is written
   */
  void cut(int[] keys, int count, int[] packed) {
    this.count = count;
    countBlocks(keys);
    int block = 0;
    int longRow = 0;
    int slot = 0;
    for (int begin = 0; begin < count; ) {
      int row = keys[begin];
      int end = endOfRow(keys, begin, count);
      boolean isLong = end - begin > IndexGroups.BLOCK;
      if (isLong) {
        packed[longRowAt() + longRow] = row;
        packed[longStartAt() + longRow] = slot;
        longRow++;
      }
      for (int from = begin; from < end; from += IndexGroups.BLOCK) {
        packed[count + block] = from;
        packed[blockRowAt() + block] = row;
        packed[blockSlotAt() + block] = isLong ? slot++ : -1;
        block++;
      }
      begin = end;
    }
    packed[count + blocks] = count;
    packed[longStartAt() + longRows] = slots;
  }

  int uniqueRows() {
    return uniqueRows;
  }

  int blocks() {
    return blocks;
  }

  int longRows() {
    return longRows;
  }

  int slots() {
    return slots;
  }

  /** Returns where the starts of the blocks begin. */
  int blockStartAt() {
    return count;
  }

  /** Returns where the rows of the blocks begin. */
  int blockRowAt() {
    return count + blocks + 1;
  }

  /** Returns where the slots of the blocks begin. */
  int blockSlotAt() {
    return count + 2 * blocks + 1;
  }

  /** Returns where the rows of the long rows begin. */
  int longRowAt() {
    return count + 3 * blocks + 1;
  }

  /** Returns where the first slots of the long rows begin. */
  int longStartAt() {
    return longRowAt() + longRows;
  }

  /** Returns the number of integers written, positions included. */
  int packedLength() {
    return longStartAt() + longRows + 1;
  }

  private void countBlocks(int[] keys) {
    uniqueRows = 0;
    blocks = 0;
    longRows = 0;
    slots = 0;
    for (int begin = 0; begin < count; ) {
      int end = endOfRow(keys, begin, count);
      int rowBlocks = Math.ceilDiv(end - begin, IndexGroups.BLOCK);
      uniqueRows++;
      blocks += rowBlocks;
      if (rowBlocks > 1) {
        longRows++;
        slots += rowBlocks;
      }
      begin = end;
    }
  }
}
