package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.embedcl.memory.DType;
import dev.embedcl.op.PerSampleWeightsGradient;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Multiplies the row of each position with its bag's row of the gradient. */
final class CpuPerSampleWeightsGradient implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final RowKernels[] kernels;
  private final CpuStatus status;
  private final CpuBags bags;
  private final StoredRows[] storedRows;
  private final CpuScratch[] wide;

  private MemorySegment weight = MemorySegment.NULL;
  private MemorySegment gradOutput = MemorySegment.NULL;
  private MemorySegment gradWeights = MemorySegment.NULL;
  private DType weightType = DType.FLOAT32;
  private long weightRowBytes;
  private int columns;
  private int count;
  private int bagCount;
  private int chunks;

  CpuPerSampleWeightsGradient(
      CpuBackend backend, CpuWorkers workers, RowKernels[] kernels, CpuStatus status) {
    this.backend = backend;
    this.workers = workers;
    this.kernels = kernels;
    this.status = status;
    this.bags = new CpuBags(backend, status);
    this.storedRows = new StoredRows[workers.threads()];
    this.wide = new CpuScratch[workers.threads()];
    Arrays.setAll(storedRows, worker -> new StoredRows(kernels[worker].storage()));
    Arrays.setAll(wide, _ -> new CpuScratch());
  }

  void execute(PerSampleWeightsGradient operation) {
    weight = backend.memory(operation.weight());
    bags.of(operation.bags(), operation.weight().rows());
    gradOutput = backend.memory(operation.gradOutput());
    gradWeights = backend.memory(operation.gradWeights());
    weightType = operation.weight().type();
    weightRowBytes = operation.weight().rowBytes();
    columns = operation.weight().columns();
    count = operation.bags().count();
    bagCount = operation.bags().bags();
    if (count == 0) {
      return;
    }
    status.beginOperation();
    if (weightType != DType.FLOAT32) {
      for (CpuScratch row : wide) {
        row.reserve(4L * columns);
      }
    }
    chunks = workers.chunksFor(8L * count * columns, count);
    workers.run(this, chunks);
  }

  /** Frees the scratch memory. */
  void close() {
    for (CpuScratch row : wide) {
      row.close();
    }
  }

  @Override
  public void run(int worker, int chunk) {
    int begin = (int) CpuWorkers.share(count, chunk, chunks);
    int end = (int) CpuWorkers.share(count, chunk + 1, chunks);
    int bag = bags.bagAt(begin);
    for (int position = begin; position < end; position++) {
      while (bag < bagCount - 1 && bags.start(bag + 1L) <= position) {
        bag++;
      }
      boolean inBag = bag >= 0 && position < bags.start(bag + 1L);
      int row = inBag ? bags.row(position) : -1;
      float product = row < 0 ? 0 : product(worker, row, bag);
      gradWeights.set(JAVA_FLOAT, 4L * position, product);
    }
  }

  private float product(int worker, int row, int bag) {
    BagKernels loops = kernels[worker].bags();
    long rowAt = row * weightRowBytes;
    long gradientAt = 4L * bag * columns;
    if (weightType == DType.FLOAT32) {
      return loops.dot(weight, rowAt, gradOutput, gradientAt, columns);
    }
    MemorySegment one = wide[worker].segment();
    storedRows[worker].convert(weightType, weight, rowAt, DType.FLOAT32, one, 0, columns);
    return loops.dot(one, 0, gradOutput, gradientAt, columns);
  }
}
