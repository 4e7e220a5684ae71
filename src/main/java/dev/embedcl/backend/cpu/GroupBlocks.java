package dev.embedcl.backend.cpu;

import dev.embedcl.op.IndexGroups;
import org.jspecify.annotations.Nullable;

/** The blocks of {@link IndexGroups}: rows of a token table by the ids that name them. */
final class GroupBlocks implements RowBlocks {
  private IndexGroups groups = new IndexGroups();
  private int @Nullable [] positions;

  /**
   * Takes groups, which stay as they are until the sums are done.
   *
   * @param positions the position in the batch of each id that was grouped, or null when all were
   * @return this
   */
  GroupBlocks of(IndexGroups groups, int @Nullable [] positions) {
    this.groups = groups;
    this.positions = positions;
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
    int[] mapped = positions;
    for (int i = 0; i < count; i++) {
      int position = groups.position(begin + i);
      rowAt[i] = (mapped == null ? position : mapped[position]) * rowBytes;
    }
    return count;
  }

  @Override
  public long row(long block) {
    return groups.blockRow((int) block);
  }

  @Override
  public long slot(long block) {
    return groups.blockSlot((int) block);
  }

  @Override
  public long longRow(int longRow) {
    return groups.longRow(longRow);
  }

  @Override
  public long firstSlot(int longRow) {
    return groups.longStart(longRow);
  }
}
