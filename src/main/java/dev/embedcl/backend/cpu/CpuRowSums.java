package dev.embedcl.backend.cpu;

import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;

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
  private final RowKernels kernels;
  private final CpuScratch blockSums = new CpuScratch();

  /** One row per thread. */
  private final CpuScratch rowSums = new CpuScratch();

  private final long[][] offsets;

  private MemorySegment from = MemorySegment.NULL;
  private MemorySegment to = MemorySegment.NULL;
  private long rowBytes;
  private int columns;
  private Finish finish = Finish.ADD;
  private float rate;
  private RowBlocks blocks = new BatchBlocks();
  private boolean secondPass;
  private int chunks;

  CpuRowSums(CpuWorkers workers, RowKernels kernels) {
    this.workers = workers;
    this.kernels = kernels;
    this.offsets = new long[workers.threads()][IndexGroups.BLOCK];
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
    rowSums.reserve(workers.threads() * rowSumBytes());
    // Each contribution is read; at least a third as much again is read and written of the table.
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
    rowSums.close();
  }

  @Override
  public void run(int worker, int chunk) {
    if (secondPass) {
      addBlockSums(worker, chunk);
    } else {
      sumBlocks(worker, chunk);
    }
  }

  private void sumBlocks(int worker, int chunk) {
    long[] rowAt = offsets[worker];
    long end = blocks.firstBlockFrom(share(blocks.contributions(), chunk + 1));
    for (long block = blocks.firstBlockFrom(share(blocks.contributions(), chunk));
        block < end;
        block++) {
      int count = blocks.offsets(block, rowBytes, rowAt);
      long slot = blocks.slot(block);
      if (slot < 0) {
        finishRow(worker, from, count, blocks.row(block) * rowBytes);
      } else {
        kernels.sum(from, rowAt, count, blockSums.segment(), slot * rowBytes, columns);
      }
    }
  }

  private void addBlockSums(int worker, int chunk) {
    int end = (int) share(blocks.longRows(), chunk + 1);
    for (int row = (int) share(blocks.longRows(), chunk); row < end; row++) {
      long first = blocks.firstSlot(row);
      int count = (int) (blocks.firstSlot(row + 1) - first);
      if (offsets[worker].length < count) {
        offsets[worker] = new long[count + (count >> 1)];
      }
      long[] rowAt = offsets[worker];
      for (int i = 0; i < count; i++) {
        rowAt[i] = (first + i) * rowBytes;
      }
      finishRow(worker, blockSums.segment(), count, blocks.longRow(row) * rowBytes);
    }
  }

  /** Sums the rows at this thread's offsets, and adds the sum to the table or applies it. */
  private void finishRow(int worker, MemorySegment rows, int count, long toAt) {
    long[] rowAt = offsets[worker];
    MemorySegment sums = rows;
    long sumAt = rowAt[0];
    if (count > 1) {
      sums = rowSums.segment();
      sumAt = worker * rowSumBytes();
      kernels.sum(rows, rowAt, count, sums, sumAt, columns);
    }
    switch (finish) {
      case ADD -> kernels.add(sums, sumAt, to, toAt, columns);
      case STEP -> kernels.step(sums, sumAt, rate, to, toAt, columns);
    }
  }

  /**
   * Returns the size of a thread's row: whole cache lines, and one that no other thread is near.
   */
  private long rowSumBytes() {
    return Math.ceilDiv(rowBytes, CpuMemory.ALIGNMENT_BYTES) * CpuMemory.ALIGNMENT_BYTES
        + 2 * CpuMemory.ALIGNMENT_BYTES;
  }

  private long share(long total, int chunk) {
    return total / chunks * chunk + total % chunks * chunk / chunks;
  }
}
