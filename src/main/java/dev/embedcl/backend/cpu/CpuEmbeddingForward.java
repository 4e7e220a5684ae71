package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.embedcl.memory.DType;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Positions;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Gathers rows, and adds those of the positions in the same pass.
 *
 * <p>With positions the work goes position by position, and for each takes several sequences of the
 * batch at once: the position's row is loaded once for them, and several rows of the token table
 * are on their way from memory at a time.
 */
final class CpuEmbeddingForward implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final RowKernels[] kernels;
  private final CpuStatus status;
  private final StoredRows[] storedRows;
  private final long[][] fromOffsets;
  private final long[][] toOffsets;

  private MemorySegment weight = MemorySegment.NULL;
  private MemorySegment indices = MemorySegment.NULL;
  private MemorySegment positions = MemorySegment.NULL;
  private MemorySegment out = MemorySegment.NULL;
  private boolean withPositions;
  private boolean allFloat32;
  private DType weightType = DType.FLOAT32;
  private DType positionType = DType.FLOAT32;
  private DType outType = DType.FLOAT32;
  private long weightRowBytes;
  private long numEmbeddings;
  private long start;
  private int columns;
  private int batchSize;
  private int seqLen;
  private int chunks;

  CpuEmbeddingForward(
      CpuBackend backend, CpuWorkers workers, RowKernels[] kernels, CpuStatus status) {
    this.backend = backend;
    this.workers = workers;
    this.kernels = kernels;
    this.status = status;
    this.storedRows = new StoredRows[kernels.length];
    Arrays.setAll(storedRows, worker -> new StoredRows(kernels[worker].storage()));
    this.fromOffsets = new long[workers.threads()][RowKernels.ROWS];
    this.toOffsets = new long[workers.threads()][RowKernels.ROWS];
  }

  void execute(EmbeddingForward operation) {
    weight = backend.memory(operation.weight());
    indices = backend.memory(operation.indices());
    out = backend.memory(operation.out());
    Positions added = operation.positions();
    withPositions = added != null;
    weightType = operation.weight().type();
    outType = operation.out().type();
    positionType = added == null ? DType.FLOAT32 : added.table().type();
    allFloat32 = weightType == DType.FLOAT32 && positionType == DType.FLOAT32;
    if (added != null) {
      positions = backend.memory(added.table());
      start = added.start();
    }
    numEmbeddings = operation.weight().rows();
    weightRowBytes = operation.weight().rowBytes();
    columns = operation.weight().columns();
    batchSize = operation.batchSize();
    seqLen = operation.seqLen();
    if (operation.count() == 0) {
      return;
    }
    status.beginOperation();
    chunks =
        workers.chunksFor(
            operation.count() * (operation.weight().rowBytes() + operation.out().rowBytes()),
            units());
    workers.run(this, chunks);
  }

  @Override
  public void run(int worker, int chunk) {
    long begin = CpuWorkers.share(units(), chunk, chunks);
    long end = CpuWorkers.share(units(), chunk + 1, chunks);
    if (withPositions) {
      addPositions(worker, begin, end);
    } else if (weightType == outType) {
      copy(begin, end);
    } else {
      convert(worker, begin, end);
    }
  }

  /** Returns the number of parts the work can be cut into: ids, or groups of ids of a position. */
  private long units() {
    return withPositions
        ? (long) seqLen * Math.ceilDiv(batchSize, RowKernels.ROWS)
        : (long) batchSize * seqLen;
  }

  private long rowBytes(DType type) {
    return (long) columns * type.bytes();
  }

  private void copy(long begin, long end) {
    long rowBytes = rowBytes(outType);
    for (long position = begin; position < end; position++) {
      int index = indices.get(JAVA_INT, 4 * position);
      if (isRow(position, index)) {
        MemorySegment.copy(weight, index * rowBytes, out, position * rowBytes, rowBytes);
      }
    }
  }

  private void convert(int worker, long begin, long end) {
    for (long position = begin; position < end; position++) {
      int index = indices.get(JAVA_INT, 4 * position);
      if (isRow(position, index)) {
        long from = index * weightRowBytes;
        long to = position * rowBytes(outType);
        storedRows[worker].convert(weightType, weight, from, outType, out, to, columns);
      }
    }
  }

  private void addPositions(int worker, long begin, long end) {
    int groupsPerPosition = Math.ceilDiv(batchSize, RowKernels.ROWS);
    long[] from = fromOffsets[worker];
    long[] to = toOffsets[worker];
    long rowBytes = weightRowBytes;
    long outRowBytes = rowBytes(outType);
    for (long unit = begin; unit < end; unit++) {
      long t = unit / groupsPerPosition;
      int first = (int) (unit % groupsPerPosition) * RowKernels.ROWS;
      int last = Math.min(first + RowKernels.ROWS, batchSize);
      int count = 0;
      for (int b = first; b < last; b++) {
        long position = (long) b * seqLen + t;
        int index = indices.get(JAVA_INT, 4 * position);
        if (isRow(position, index)) {
          from[count] = index * rowBytes;
          to[count] = position * outRowBytes;
          count++;
        }
      }
      long common = (start + t) * rowBytes(positionType);
      if (allFloat32) {
        kernels[worker].addToRows(weight, from, count, positions, common, out, to, columns);
      } else {
        storedRows[worker].addToRows(
            weightType,
            weight,
            from,
            count,
            positionType,
            positions,
            common,
            outType,
            out,
            to,
            columns);
      }
    }
  }

  private boolean isRow(long position, int index) {
    if (index < 0 || index >= numEmbeddings) {
      status.record(position, index, numEmbeddings);
      return false;
    }
    return true;
  }
}
