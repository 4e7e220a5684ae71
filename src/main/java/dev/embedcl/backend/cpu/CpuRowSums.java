package dev.embedcl.backend.cpu;

import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Sums rows of a gradient into rows of a table, in the order that {@link
 * dev.embedcl.op.Accumulation#DETERMINISTIC} prescribes: blocks of {@link IndexGroups#BLOCK}
 * contributions, the sums of a row's blocks one after the other, then one last step that adds the
 * sum to the table or applies it.
 *
 * <p>Work is cut by blocks, not by rows, so that one row with most of the contributions is shared
 * by all threads. A row of one block is finished at once; the blocks of a longer one leave their
 * sums in scratch memory, which a second pass adds up.
 */
final class CpuRowSums implements CpuWorkers.Task {
  /** What becomes of a row's sum. */
  enum Finish {
    /** It is added to the table's row. */
    ADD,
    /** Times the rate, it is subtracted from the table's row. */
    STEP
  }

  private final CpuWorkers workers;
  private final CpuScratch blockSums = new CpuScratch();
  private final Lane[] lanes;

  private MemorySegment from = MemorySegment.NULL;
  private MemorySegment to = MemorySegment.NULL;
  private long rowBytes;
  private int columns;
  private Finish finish = Finish.ADD;
  private float rate;
  private RowBlocks blocks = new BatchBlocks();
  private boolean secondPass;
  private int chunks;

  CpuRowSums(CpuWorkers workers, RowKernels[] kernels) {
    this.workers = workers;
    this.lanes = new Lane[workers.threads()];
    Arrays.setAll(lanes, worker -> new Lane(kernels[worker]));
  }

  /**
   * Sums the rows of {@code from} that {@code blocks} tells into the rows of {@code to} that it
   * tells.
   */
  void run(
      MemorySegment from,
      RowBlocks blocks,
      Finish finish,
      float rate,
      MemorySegment to,
      int columns) {
    if (blocks.contributions() == 0) {
      return;
    }
    this.from = from;
    this.to = to;
    this.blocks = blocks;
    this.finish = finish;
    this.rate = rate;
    this.columns = columns;
    rowBytes = 4L * columns;
    secondPass = false;
    blockSums.reserve(blocks.slots() * rowBytes);
    for (Lane lane : lanes) {
      lane.rowSum.reserve(rowBytes);
    }
    // Each contribution is read, and for most a row of the table is read and written.
    chunks = workers.chunksFor(2 * blocks.contributions() * rowBytes, blocks.blocks());
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
          kernels.sum(from, rowAt, count, blockSums.segment(), slot * rowBytes, columns);
        } else if (count > 1) {
          finishSum(from, count, blocks.row(block) * rowBytes);
        } else {
          singleAt[singles] = rowAt[0];
          singleTargetAt[singles] = blocks.row(block) * rowBytes;
          singles++;
          if (singles == RowKernels.ROWS) {
            finishSingles();
          }
        }
      }
      finishSingles();
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
        finishSum(blockSums.segment(), count, blocks.longRow(row) * rowBytes);
      }
    }

    private void finishSum(MemorySegment rows, int count, long toAt) {
      kernels.sum(rows, rowAt, count, rowSum.segment(), 0, columns);
      targetAt[0] = toAt;
      finish(rowSum.segment(), rowSumAt, 1, targetAt);
    }

    private void finishSingles() {
      int count = singles;
      singles = 0;
      if (count > 0) {
        finish(from, singleAt, count, singleTargetAt);
      }
    }

    private void finish(MemorySegment sums, long[] sumAt, int count, long[] toAt) {
      switch (finish) {
        case ADD -> kernels.add(sums, sumAt, count, to, toAt, columns);
        case STEP -> kernels.step(sums, sumAt, count, rate, to, toAt, columns);
      }
    }
  }
}
