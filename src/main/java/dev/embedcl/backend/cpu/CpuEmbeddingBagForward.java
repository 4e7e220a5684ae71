package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.IndexGroups;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Looks up the rows of each bag and sums them, or takes the greatest, block after block.
 *
 * <p>Rows of 16 bits and quantised ones are widened block by block and strip by strip, so that what
 * is widened stays in the caches; and a result of 16 bits is made in float32 first.
 */
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
  private DType weightType = DType.FLOAT32;
  private DType outType = DType.FLOAT32;
  private long weightRowBytes;
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
    weightType = operation.weight().type();
    outType = operation.out().type();
    weightRowBytes = operation.weight().rowBytes();
    columns = operation.weight().columns();
    bagCount = operation.bags().bags();
    if (bagCount == 0) {
      return;
    }
    status.beginOperation();
    for (Lane lane : lanes) {
      lane.reserve();
    }
    long rows = (long) operation.bags().count() + bagCount;
    chunks = workers.chunksFor(rows * operation.weight().rowBytes(), bagCount);
    workers.run(this, chunks);
  }

  /** Frees the scratch memory. */
  void close() {
    for (Lane lane : lanes) {
      lane.close();
    }
  }

  @Override
  public void run(int worker, int chunk) {
    int end = (int) CpuWorkers.share(bagCount, chunk + 1, chunks);
    for (int bag = (int) CpuWorkers.share(bagCount, chunk, chunks); bag < end; bag++) {
      lanes[worker].reduce(bag);
    }
  }

  private long rowBytes(DType type) {
    return (long) columns * type.bytes();
  }

  /** What one thread does, and its working memory. */
  private final class Lane {
    /** Columns for which the rows of a block, widened, are 128 KiB and stay in the caches. */
    private static final int STRIP = 512;

    private static final long STRIP_BYTES = 4L * STRIP;

    private final RowKernels kernels;
    private final StoredRows storedRows;
    private final CpuScratch blockSum = new CpuScratch();
    private final CpuScratch wide = new CpuScratch();
    private final CpuScratch result = new CpuScratch();
    private final long[] blockSumAt = new long[1];
    private final long[] targetAt = new long[1];
    private final long[] rowAt = new long[IndexGroups.BLOCK];
    private final long[] wideAt = new long[IndexGroups.BLOCK];
    private final int[] positions = new int[IndexGroups.BLOCK];
    private final float[] scales = new float[IndexGroups.BLOCK];

    /** Where the bag's float32 result and its winners go. */
    private MemorySegment target = MemorySegment.NULL;

    private MemorySegment targetWinners = MemorySegment.NULL;

    Lane(RowKernels kernels) {
      this.kernels = kernels;
      this.storedRows = new StoredRows(kernels.storage());
      Arrays.setAll(wideAt, i -> i * STRIP_BYTES);
    }

    void reserve() {
      blockSum.reserve(rowBytes(DType.FLOAT32));
      if (weightType != DType.FLOAT32) {
        wide.reserve(IndexGroups.BLOCK * STRIP_BYTES);
      }
      if (outType != DType.FLOAT32) {
        result.reserve(rowBytes(DType.FLOAT32));
      }
    }

    void close() {
      blockSum.close();
      wide.close();
      result.close();
    }

    void reduce(int bag) {
      long outAt = bag * rowBytes(outType);
      long wonAt = bag * rowBytes(DType.FLOAT32);
      if (outType == DType.FLOAT32) {
        target = out;
        targetWinners = winners;
        reduce(bag, outAt);
      } else {
        target = result.segment();
        targetWinners = mode == BagMode.MAX ? winners.asSlice(wonAt) : winners;
        reduce(bag, 0);
        storedRows.narrow(target, 0, outType, out, outAt, columns);
      }
    }

    private void reduce(int bag, long toAt) {
      int end = bags.start(bag + 1L);
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
        target.asSlice(toAt, rowBytes(DType.FLOAT32)).fill((byte) 0);
        if (mode == BagMode.MAX) {
          targetWinners.asSlice(toAt, rowBytes(DType.FLOAT32)).fill((byte) -1);
        }
      } else if (mode == BagMode.MEAN && taken > 1) {
        kernels.bags().divide(target, toAt, taken, columns);
      }
    }

    /** Notes where the rows of some positions stand; returns how many are to be taken. */
    private int take(int from, int to) {
      int count = 0;
      for (int position = from; position < to; position++) {
        int row = bags.row(position);
        if (row >= 0) {
          rowAt[count] = row * weightRowBytes;
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
      if (weightType == DType.FLOAT32) {
        reduceRows(weight, rowAt, count, first, toAt, columns);
        return;
      }
      for (int column = 0; column < columns; column += STRIP) {
        int width = Math.min(STRIP, columns - column);
        for (int i = 0; i < count; i++) {
          storedRows.widen(
              weightType, weight, rowAt[i], column, width, columns, wide.segment(), wideAt[i]);
        }
        reduceRows(wide.segment(), wideAt, count, first, toAt + 4L * column, width);
      }
    }

    private void reduceRows(
        MemorySegment rows, long[] at, int count, boolean first, long toAt, int width) {
      if (mode == BagMode.MAX) {
        kernels.bags().max(rows, at, positions, count, first, target, targetWinners, toAt, width);
      } else if (first) {
        sum(rows, at, count, target, toAt, width);
      } else {
        sum(rows, at, count, blockSum.segment(), 0, width);
        targetAt[0] = toAt;
        kernels.add(blockSum.segment(), blockSumAt, 1, target, targetAt, width);
      }
    }

    private void sum(
        MemorySegment rows, long[] at, int count, MemorySegment to, long toAt, int width) {
      if (weighted) {
        kernels.sumScaled(rows, at, scales, count, to, toAt, width);
      } else {
        kernels.sum(rows, at, count, to, toAt, width);
      }
    }
  }
}
