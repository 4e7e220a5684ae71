package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import dev.embedcl.op.RowNorms;
import java.lang.foreign.MemorySegment;

/** Measures rows, each on one thread. */
final class CpuRowNorms implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final CpuNorms[] loops;

  private MemorySegment matrix = MemorySegment.NULL;
  private MemorySegment norms = MemorySegment.NULL;
  private double normType;
  private long rows;
  private int columns;
  private int chunks;

  CpuRowNorms(CpuBackend backend, CpuWorkers workers, CpuNorms[] loops) {
    this.backend = backend;
    this.workers = workers;
    this.loops = loops;
  }

  void execute(RowNorms operation) {
    matrix = backend.memory(operation.matrix());
    norms = backend.memory(operation.norms());
    normType = operation.normType();
    rows = operation.matrix().rows();
    columns = operation.matrix().columns();
    if (rows > 0) {
      chunks = workers.chunksFor(4L * rows * columns, rows);
      workers.run(this, chunks);
    }
  }

  @Override
  public void run(int worker, int chunk) {
    long end = CpuWorkers.share(rows, chunk + 1, chunks);
    for (long row = CpuWorkers.share(rows, chunk, chunks); row < end; row++) {
      float norm = loops[worker].norm(DType.FLOAT32, matrix, 4L * row * columns, columns, normType);
      norms.set(UpdateKernels.FLOAT, 4L * row, norm);
    }
  }
}
