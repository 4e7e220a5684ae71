package dev.embedcl.backend.cpu;

import dev.embedcl.op.DenseSgdStep;
import java.lang.foreign.MemorySegment;

/** Moves a whole table by its gradient, element by element. */
final class CpuDenseSgdStep implements CpuWorkers.Task {
  /** Elements that go to the kernel in one call, so that their number fits an int. */
  private static final int STRETCH = 1 << 16;

  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final RowKernels[] kernels;
  private final long[][] offsets;

  private MemorySegment gradWeight = MemorySegment.NULL;
  private MemorySegment weight = MemorySegment.NULL;
  private long elements;
  private float rate;
  private int chunks;

  CpuDenseSgdStep(CpuBackend backend, CpuWorkers workers, RowKernels[] kernels) {
    this.backend = backend;
    this.workers = workers;
    this.kernels = kernels;
    this.offsets = new long[workers.threads()][1];
  }

  void execute(DenseSgdStep operation) {
    gradWeight = backend.memory(operation.gradWeight());
    weight = backend.memory(operation.weight());
    elements = operation.weight().rows() * operation.weight().columns();
    rate = operation.learningRate();
    chunks = workers.chunksFor(12 * elements, Math.ceilDiv(elements, (long) STRETCH));
    workers.run(this, chunks);
  }

  @Override
  public void run(int worker, int chunk) {
    long stretches = Math.ceilDiv(elements, (long) STRETCH);
    long[] at = offsets[worker];
    long end = CpuWorkers.share(stretches, chunk + 1, chunks);
    for (long stretch = CpuWorkers.share(stretches, chunk, chunks); stretch < end; stretch++) {
      long first = stretch * STRETCH;
      int count = (int) Math.min(STRETCH, elements - first);
      at[0] = 4 * first;
      kernels[worker].step(gradWeight, at, 1, rate, weight, at, count);
    }
  }
}
