package dev.embedcl.backend.cpu;

import dev.embedcl.op.EmbeddingRenorm;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Shortens rows that are too long, each on one thread. */
final class CpuEmbeddingRenorm implements CpuWorkers.Task {
  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final CpuNorms[] loops;

  private MemorySegment weight = MemorySegment.NULL;
  private @Nullable EmbeddingRenorm operation;
  private int columns;
  private int chunks;

  CpuEmbeddingRenorm(CpuBackend backend, CpuWorkers workers, CpuNorms[] loops) {
    this.backend = backend;
    this.workers = workers;
    this.loops = loops;
  }

  void execute(EmbeddingRenorm operation) {
    weight = backend.memory(operation.weight());
    int rows = operation.rows();
    if (rows == 0) {
      return;
    }
    this.operation = operation;
    columns = operation.weight().columns();
    // Numbered here, once, before several threads ask for the numbers.
    operation.groups().compactRows();
    chunks = workers.chunksFor(8L * rows * columns, rows);
    workers.run(this, chunks);
    this.operation = null;
  }

  @Override
  public void run(int worker, int chunk) {
    EmbeddingRenorm op = operation;
    if (op == null) {
      throw new IllegalStateException("no operation runs");
    }
    int end = (int) CpuWorkers.share(op.rows(), chunk + 1, chunks);
    for (int i = (int) CpuWorkers.share(op.rows(), chunk, chunks); i < end; i++) {
      long at = 4L * op.row(i) * columns;
      float factor = op.isOnDevice() ? factor(op, worker, at) : op.factor(weight, at);
      if (factor >= 0) {
        loops[worker].scale(weight, at, columns, factor);
      }
    }
  }

  private float factor(EmbeddingRenorm op, int worker, long at) {
    float norm = loops[worker].norm(weight, at, columns, op.normType());
    if (op.normType() == 2) {
      norm = (float) Math.sqrt(norm);
    }
    float most = (float) op.maxNorm();
    return norm > most ? most / (norm + EmbeddingRenorm.EPS) : -1;
  }
}
