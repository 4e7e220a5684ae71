package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import dev.embedcl.op.MatrixScale;
import java.lang.foreign.MemorySegment;

/** Multiplies a matrix, row by row. */
final class CpuMatrixScale implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final CpuNorms[] loops;

  private MemorySegment matrix = MemorySegment.NULL;
  private float factor;
  private long rows;
  private int columns;
  private int chunks;

  CpuMatrixScale(CpuBackend backend, CpuWorkers workers, CpuNorms[] loops) {
    this.backend = backend;
    this.workers = workers;
    this.loops = loops;
  }

  void execute(MatrixScale operation) {
    matrix = backend.memory(operation.matrix());
    factor = operation.factor();
    rows = operation.matrix().rows();
    columns = operation.matrix().columns();
    if (rows > 0) {
      chunks = workers.chunksFor(8L * rows * columns, rows);
      workers.run(this, chunks);
    }
  }

  @Override
  public void run(int worker, int chunk) {
    long end = CpuWorkers.share(rows, chunk + 1, chunks);
    for (long row = CpuWorkers.share(rows, chunk, chunks); row < end; row++) {
      loops[worker].scale(DType.FLOAT32, matrix, 4L * row * columns, columns, factor);
    }
  }
}
