package dev.embedcl.backend.cpu;

import dev.embedcl.op.IndexGroups;

/** The blocks of {@link IndexGroups}: rows of a token table by the ids that name them. */
final class GroupBlocks implements RowBlocks {
  private IndexGroups groups = new IndexGroups();
  private boolean compact;

  /**
   * Takes groups, which stay as they are until the sums are done.
   *
   * @param compact whether rows are those of a matrix of the unique rows alone
   * @return this
   */
  GroupBlocks of(IndexGroups groups, boolean compact) {
    this.groups = groups;
    this.compact = compact;
    return this;
  }

  @Override
  public long contributions() {
    return groups.count();
  }

  @Override
  public long blocks() {
    return groups.blocks();
  }

  @Override
  public long slots() {
    return groups.slots();
  }

  @Override
  public int longRows() {
    return groups.longRows();
  }

  @Override
  public long firstBlockFrom(long contribution) {
    int low = 0;
    int high = groups.blocks();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (groups.blockStart(middle) < contribution) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  @Override
  public int offsets(long block, long rowBytes, long[] rowAt) {
    int begin = groups.blockStart((int) block);
    int count = groups.blockStart((int) block + 1) - begin;
    for (int i = 0; i < count; i++) {
      rowAt[i] = groups.position(begin + i) * rowBytes;
    }
    return count;
  }

  @Override
  public boolean isScaled() {
    return groups.isScaled();
  }

  @Override
  public void scales(long block, float[] scales) {
    int begin = groups.blockStart((int) block);
    int count = groups.blockStart((int) block + 1) - begin;
    for (int i = 0; i < count; i++) {
      scales[i] = groups.scale(begin + i);
    }
  }

  @Override
  public void scales(long block, double[] scales) {
    int begin = groups.blockStart((int) block);
    int count = groups.blockStart((int) block + 1) - begin;
    for (int i = 0; i < count; i++) {
      scales[i] = groups.wideScale(begin + i);
    }
  }

  @Override
  public boolean hasPositions() {
    return groups.hasPositions();
  }

  @Override
  public void positions(long block, int[] positions) {
    int begin = groups.blockStart((int) block);
    int count = groups.blockStart((int) block + 1) - begin;
    for (int i = 0; i < count; i++) {
      positions[i] = groups.batchPosition(begin + i);
    }
  }

  @Override
  public long row(long block) {
    return compact ? groups.compactRows().ofBlock((int) block) : groups.blockRow((int) block);
  }

  @Override
  public long slot(long block) {
    return groups.blockSlot((int) block);
  }

  @Override
  public long longRow(int longRow) {
    return compact ? groups.compactRows().ofLongRow(longRow) : groups.longRow(longRow);
  }

  @Override
  public long firstSlot(int longRow) {
    return groups.longStart(longRow);
  }
}
