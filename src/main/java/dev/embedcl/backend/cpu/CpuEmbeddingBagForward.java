package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Looks up the rows of each bag and sums them, or takes the greatest, block after block. */
final class CpuEmbeddingBagForward implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final CpuStatus status;
  private final CpuBags bags;
  private final Lane[] lanes;

  private MemorySegment weight = MemorySegment.NULL;
  private MemorySegment sampleWeights = MemorySegment.NULL;
  private MemorySegment out = MemorySegment.NULL;
  private MemorySegment winners = MemorySegment.NULL;
  private BagMode mode = BagMode.SUM;
  private boolean weighted;
  private int columns;
  private int bagCount;
  private int chunks;

  CpuEmbeddingBagForward(
      CpuBackend backend, CpuWorkers workers, RowKernels[] kernels, CpuStatus status) {
    this.backend = backend;
    this.workers = workers;
    this.status = status;
    this.bags = new CpuBags(backend, status);
    this.lanes = new Lane[workers.threads()];
    Arrays.setAll(lanes, worker -> new Lane(kernels[worker]));
  }

  void execute(EmbeddingBagForward operation) {
    weight = backend.memory(operation.weight());
    bags.of(operation.bags(), operation.weight().rows());
    DeviceBuffer given = operation.perSampleWeights();
    weighted = given != null;
    sampleWeights = given == null ? MemorySegment.NULL : backend.memory(given);
    out = backend.memory(operation.out());
    DeviceBuffer recorded = operation.winners();
    winners = recorded == null ? MemorySegment.NULL : backend.memory(recorded);
    mode = operation.mode();
    columns = operation.weight().columns();
    bagCount = operation.bags().bags();
    if (bagCount == 0) {
      return;
    }
    status.beginOperation();
    for (Lane lane : lanes) {
      lane.blockSum.reserve(rowBytes());
    }
    long rows = (long) operation.bags().count() + bagCount;
    chunks = workers.chunksFor(rows * rowBytes(), bagCount);
    workers.run(this, chunks);
  }

  /** Frees the scratch memory. */
  void close() {
    for (Lane lane : lanes) {
      lane.blockSum.close();
    }
  }

  @Override
  public void run(int worker, int chunk) {
    int end = (int) CpuWorkers.share(bagCount, chunk + 1, chunks);
    for (int bag = (int) CpuWorkers.share(bagCount, chunk, chunks); bag < end; bag++) {
      lanes[worker].reduce(bag);
    }
  }

  private long rowBytes() {
    return 4L * columns;
  }

  /** What one thread does, and its working memory. */
  private final class Lane {
    private final RowKernels kernels;
    private final CpuScratch blockSum = new CpuScratch();
    private final long[] blockSumAt = new long[1];
    private final long[] targetAt = new long[1];
    private final long[] rowAt = new long[IndexGroups.BLOCK];
    private final int[] positions = new int[IndexGroups.BLOCK];
    private final float[] scales = new float[IndexGroups.BLOCK];

    Lane(RowKernels kernels) {
      this.kernels = kernels;
    }

    void reduce(int bag) {
      int end = bags.start(bag + 1L);
      long toAt = bag * rowBytes();
      int taken = 0;
      for (int from = bags.start(bag); from < end; ) {
        int to = end - from <= IndexGroups.BLOCK ? end : from + IndexGroups.BLOCK;
        int count = take(from, to);
        if (count > 0) {
          reduceBlock(count, taken == 0, toAt);
          taken += count;
        }
        from = to;
      }
      if (taken == 0) {
        out.asSlice(toAt, rowBytes()).fill((byte) 0);
        if (mode == BagMode.MAX) {
          winners.asSlice(toAt, rowBytes()).fill((byte) -1);
        }
      } else if (mode == BagMode.MEAN && taken > 1) {
        kernels.bags().divide(out, toAt, taken, columns);
      }
    }

    /** Notes where the rows of some positions stand; returns how many are to be taken. */
    private int take(int from, int to) {
      int count = 0;
      for (int position = from; position < to; position++) {
        int row = bags.row(position);
        if (row >= 0) {
          rowAt[count] = row * rowBytes();
          positions[count] = position;
          count++;
        }
      }
      if (weighted) {
        for (int i = 0; i < count; i++) {
          scales[i] = sampleWeights.get(JAVA_FLOAT, 4L * positions[i]);
        }
      }
      return count;
    }

    private void reduceBlock(int count, boolean first, long toAt) {
      if (mode == BagMode.MAX) {
        kernels.bags().max(weight, rowAt, positions, count, first, out, winners, toAt, columns);
      } else if (first) {
        sum(count, out, toAt);
      } else {
        sum(count, blockSum.segment(), 0);
        targetAt[0] = toAt;
        kernels.add(blockSum.segment(), blockSumAt, 1, out, targetAt, columns);
      }
    }

    private void sum(int count, MemorySegment to, long toAt) {
      if (weighted) {
        kernels.sumScaled(weight, rowAt, scales, count, to, toAt, columns);
      } else {
        kernels.sum(weight, rowAt, count, to, toAt, columns);
      }
    }
  }
}
