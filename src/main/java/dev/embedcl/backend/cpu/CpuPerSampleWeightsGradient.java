package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import dev.embedcl.op.PerSampleWeightsGradient;
import java.lang.foreign.MemorySegment;

/** Multiplies the row of each position with its bag's row of the gradient. */
final class CpuPerSampleWeightsGradient implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final RowKernels[] kernels;
  private final CpuStatus status;
  private final CpuBags bags;

  private MemorySegment weight = MemorySegment.NULL;
  private MemorySegment gradOutput = MemorySegment.NULL;
  private MemorySegment gradWeights = MemorySegment.NULL;
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
  }

  void execute(PerSampleWeightsGradient operation) {
    weight = backend.memory(operation.weight());
    bags.of(operation.bags(), operation.weight().rows());
    gradOutput = backend.memory(operation.gradOutput());
    gradWeights = backend.memory(operation.gradWeights());
    columns = operation.weight().columns();
    count = operation.bags().count();
    bagCount = operation.bags().bags();
    if (count == 0) {
      return;
    }
    status.beginOperation();
    chunks = workers.chunksFor(8L * count * columns, count);
    workers.run(this, chunks);
  }

  @Override
  public void run(int worker, int chunk) {
    int begin = (int) CpuWorkers.share(count, chunk, chunks);
    int end = (int) CpuWorkers.share(count, chunk + 1, chunks);
    BagKernels loops = kernels[worker].bags();
    long rowBytes = 4L * columns;
    int bag = bags.bagAt(begin);
    for (int position = begin; position < end; position++) {
      while (bag < bagCount - 1 && bags.start(bag + 1L) <= position) {
        bag++;
      }
      boolean inBag = bag >= 0 && position < bags.start(bag + 1L);
      int row = inBag ? bags.row(position) : -1;
      float product =
          row < 0 ? 0 : loops.dot(weight, row * rowBytes, gradOutput, bag * rowBytes, columns);
      gradWeights.set(JAVA_FLOAT, 4L * position, product);
    }
  }
}
