package dev.embedcl.backend.cpu;

import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Sums rows of a gradient into rows of a table, in the order that {@link
 * dev.embedcl.op.Accumulation#DETERMINISTIC} prescribes: blocks of {@link IndexGroups#BLOCK}
 * contributions, the sums of a row's blocks one after the other, then one last step that updates
 * the table's row.
 *
 * <p>Work is cut by blocks, not by rows, so that one row with most of the contributions is shared
 * by all threads. A row of one block is finished at once; the blocks of a longer one leave their
 * sums in scratch memory, which a second pass adds up.
 */
final class CpuRowSums implements CpuWorkers.Task {
  private final CpuWorkers workers;
  private final CpuScratch blockSums = new CpuScratch();
  private final Lane[] lanes;

  private MemorySegment from = MemorySegment.NULL;
  private MemorySegment winners = MemorySegment.NULL;
  private long rowBytes;
  private int columns;
  private CpuRowUpdate update = new CpuRowUpdate();
  private RowBlocks blocks = new BatchBlocks();
  private boolean secondPass;
  private int chunks;

  CpuRowSums(CpuWorkers workers, RowKernels[] kernels) {
    this.workers = workers;
    this.lanes = new Lane[workers.threads()];
    Arrays.setAll(lanes, worker -> new Lane(kernels[worker]));
  }

  /** Sums rows as {@code blocks} tells, and updates the rows of a table that it tells. */
  void run(MemorySegment from, RowBlocks blocks, CpuRowUpdate update, int columns) {
    run(from, MemorySegment.NULL, blocks, update, columns);
  }

  /**
   * Sums rows in the columns that they won, where {@code blocks} has positions.
   *
   * @param winners the position that won each element of {@code from}
   */
  void run(
      MemorySegment from,
      MemorySegment winners,
      RowBlocks blocks,
      CpuRowUpdate update,
      int columns) {
    if (blocks.contributions() == 0) {
      return;
    }
    this.from = from;
    this.winners = winners;
    this.blocks = blocks;
    this.update = update;
    this.columns = columns;
    rowBytes = 4L * columns;
    secondPass = false;
    blockSums.reserve(blocks.slots() * rowBytes);
    for (Lane lane : lanes) {
      lane.rowSum.reserve(rowBytes);
    }
    // Each contribution is read, and for most a row of the table is updated.
    long bytes = blocks.contributions() * columns * (4 + update.bytesPerElement() / 2);
    chunks = workers.chunksFor(bytes, blocks.blocks());
    workers.run(this, chunks);
    if (blocks.longRows() > 0) {
      secondPass = true;
      chunks = workers.chunksFor(blocks.slots() * rowBytes, blocks.longRows());
      workers.run(this, chunks);
    }
  }

  /** Frees the scratch memory. */
  void close() {
    blockSums.close();
    for (Lane lane : lanes) {
      lane.rowSum.close();
    }
  }

  @Override
  public void run(int worker, int chunk) {
    if (secondPass) {
      int begin = (int) CpuWorkers.share(blocks.longRows(), chunk, chunks);
      int end = (int) CpuWorkers.share(blocks.longRows(), chunk + 1, chunks);
      lanes[worker].addBlockSums(begin, end);
    } else {
      long begin = CpuWorkers.share(blocks.contributions(), chunk, chunks);
      long end = CpuWorkers.share(blocks.contributions(), chunk + 1, chunks);
      lanes[worker].sumBlocks(blocks.firstBlockFrom(begin), blocks.firstBlockFrom(end));
    }
  }

  /** What one thread does, and its working memory. */
  private final class Lane {
    private final RowKernels kernels;
    private final CpuScratch rowSum = new CpuScratch();
    private final long[] rowSumAt = new long[1];
    private final long[] targetAt = new long[1];
    private final float[] scales = new float[IndexGroups.BLOCK];
    private final int[] positions = new int[IndexGroups.BLOCK];
    private long[] rowAt = new long[IndexGroups.BLOCK];

    /** Rows with one contribution, which are finished several at a time. */
    private final long[] singleAt = new long[RowKernels.ROWS];

    private final long[] singleTargetAt = new long[RowKernels.ROWS];
    private int singles;

    Lane(RowKernels kernels) {
      this.kernels = kernels;
    }

    void sumBlocks(long begin, long end) {
      singles = 0;
      for (long block = begin; block < end; block++) {
        int count = blocks.offsets(block, rowBytes, rowAt);
        long slot = blocks.slot(block);
        if (slot >= 0) {
          sumBlock(block, count, blockSums.segment(), slot * rowBytes);
        } else if (count > 1 || blocks.isScaled() || blocks.hasPositions()) {
          sumBlock(block, count, rowSum.segment(), 0);
          updateBySum(blocks.row(block) * rowBytes);
        } else {
          singleAt[singles] = rowAt[0];
          singleTargetAt[singles] = blocks.row(block) * rowBytes;
          singles++;
          if (singles == RowKernels.ROWS) {
            updateBySingles();
          }
        }
      }
      updateBySingles();
    }

    private void sumBlock(long block, int count, MemorySegment to, long toAt) {
      if (blocks.isScaled()) {
        blocks.scales(block, scales);
      }
      if (blocks.hasPositions()) {
        blocks.positions(block, positions);
        kernels
            .bags()
            .sumWon(
                from,
                winners,
                rowAt,
                positions,
                blocks.isScaled() ? scales : null,
                count,
                to,
                toAt,
                columns);
      } else if (blocks.isScaled()) {
        kernels.sumScaled(from, rowAt, scales, count, to, toAt, columns);
      } else {
        kernels.sum(from, rowAt, count, to, toAt, columns);
      }
    }

    void addBlockSums(int begin, int end) {
      for (int row = begin; row < end; row++) {
        long first = blocks.firstSlot(row);
        int count = (int) (blocks.firstSlot(row + 1) - first);
        if (rowAt.length < count) {
          rowAt = new long[count + (count >> 1)];
        }
        for (int i = 0; i < count; i++) {
          rowAt[i] = (first + i) * rowBytes;
        }
        kernels.sum(blockSums.segment(), rowAt, count, rowSum.segment(), 0, columns);
        updateBySum(blocks.longRow(row) * rowBytes);
      }
    }

    private void updateBySum(long toAt) {
      targetAt[0] = toAt;
      update.apply(kernels, rowSum.segment(), rowSumAt, 1, targetAt, columns);
    }

    private void updateBySingles() {
      int count = singles;
      singles = 0;
      if (count > 0) {
        update.apply(kernels, from, singleAt, count, singleTargetAt, columns);
      }
    }
  }
}
