package dev.embedcl.backend.cpu;

import dev.embedcl.op.IndexGroups;

/**
 * The blocks of a positional table's gradient: the row of position t sums {@code b * seqLen + t}
 * over the batch. Contributions are numbered by position first.
 */
final class BatchBlocks implements RowBlocks {
  private int start;
  private int batchSize;
  private int seqLen;
  private int blocksPerRow;

  /**
   * Takes the sizes of a batch, neither of them 0.
   *
   * @param start the table's row of a sequence's first position
   * @return this
   */
  BatchBlocks of(int start, int batchSize, int seqLen) {
    this.start = start;
    this.batchSize = batchSize;
    this.seqLen = seqLen;
    this.blocksPerRow = Math.ceilDiv(batchSize, IndexGroups.BLOCK);
    return this;
  }

  @Override
  public long contributions() {
    return (long) batchSize * seqLen;
  }

  @Override
  public long blocks() {
    return (long) blocksPerRow * seqLen;
  }

  @Override
  public long slots() {
    return blocksPerRow > 1 ? blocks() : 0;
  }

  @Override
  public int longRows() {
    return blocksPerRow > 1 ? seqLen : 0;
  }

  @Override
  public long firstBlockFrom(long contribution) {
    long row = contribution / batchSize;
    long inRow = contribution % batchSize;
    return row * blocksPerRow + Math.ceilDiv(inRow, (long) IndexGroups.BLOCK);
  }

  @Override
  public int offsets(long block, long rowBytes, long[] rowAt) {
    long position = block / blocksPerRow;
    int first = (int) (block % blocksPerRow) * IndexGroups.BLOCK;
    int count = Math.min(IndexGroups.BLOCK, batchSize - first);
    for (int i = 0; i < count; i++) {
      rowAt[i] = ((long) (first + i) * seqLen + position) * rowBytes;
    }
    return count;
  }

  @Override
  public boolean isScaled() {
    return false;
  }

  @Override
  public void scales(long block, float[] scales) {
    throw new IllegalStateException("sums by position have no scales");
  }

  @Override
  public void scales(long block, double[] scales) {
    throw new IllegalStateException("sums by position have no scales");
  }

  @Override
  public boolean hasPositions() {
    return false;
  }

  @Override
  public void positions(long block, int[] positions) {
    throw new IllegalStateException("sums by position have no winners");
  }

  @Override
  public long row(long block) {
    return start + block / blocksPerRow;
  }

  @Override
  public long slot(long block) {
    return blocksPerRow > 1 ? block : -1;
  }

  @Override
  public long longRow(int longRow) {
    return start + (long) longRow;
  }

  @Override
  public long firstSlot(int longRow) {
    return (long) longRow * blocksPerRow;
  }
}
