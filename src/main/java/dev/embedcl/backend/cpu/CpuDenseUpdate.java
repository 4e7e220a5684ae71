package dev.embedcl.backend.cpu;

import dev.embedcl.op.DenseUpdate;
import java.lang.foreign.MemorySegment;

/**
 * Updates a whole table by its gradient: in stretches of elements, or row by row where an element's
 * change depends on its row.
 */
final class CpuDenseUpdate implements CpuWorkers.Task {
  /** Elements that go to the kernel in one call, so that their number fits an int. */
  private static final int STRETCH = 1 << 16;

  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final RowKernels[] kernels;
  private final long[][] offsets;
  private final CpuRowUpdate update = new CpuRowUpdate();

  private MemorySegment gradWeight = MemorySegment.NULL;
  private long elements;
  private int stretch;
  private int chunks;

  CpuDenseUpdate(CpuBackend backend, CpuWorkers workers, RowKernels[] kernels) {
    this.backend = backend;
    this.workers = workers;
    this.kernels = kernels;
    this.offsets = new long[workers.threads()][1];
  }

  void execute(DenseUpdate operation) {
    gradWeight = backend.memory(operation.gradWeight());
    update.of(backend, operation.update());
    int columns = operation.gradWeight().columns();
    elements = operation.gradWeight().rows() * columns;
    stretch = update.isRowwise() ? columns : STRETCH;
    chunks =
        workers.chunksFor(
            (4 + update.bytesPerElement()) * elements, Math.ceilDiv(elements, (long) stretch));
    workers.run(this, chunks);
  }

  @Override
  public void run(int worker, int chunk) {
    long stretches = Math.ceilDiv(elements, (long) stretch);
    long[] at = offsets[worker];
    long end = CpuWorkers.share(stretches, chunk + 1, chunks);
    for (long i = CpuWorkers.share(stretches, chunk, chunks); i < end; i++) {
      long first = i * stretch;
      int count = (int) Math.min(stretch, elements - first);
      at[0] = 4 * first;
      update.apply(kernels[worker], gradWeight, at, 1, at, count);
    }
  }
}
