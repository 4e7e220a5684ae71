package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
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
  private DType type = DType.FLOAT32;
  private long rowBytes;
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
    type = operation.weight().type();
    rowBytes = operation.weight().rowBytes();
    columns = operation.weight().columns();
    // Numbered here, once, before several threads ask for the numbers.
    operation.groups().compactRows();
    chunks = workers.chunksFor(2L * rows * rowBytes, rows);
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
      long at = op.row(i) * rowBytes;
      float factor = op.isOnDevice() ? factor(op, worker, at) : factorOnHost(op, worker, at);
      if (factor >= 0) {
        loops[worker].scale(type, weight, at, columns, factor);
      }
    }
  }

  private float factorOnHost(EmbeddingRenorm op, int worker, long at) {
    return type == DType.FLOAT32
        ? op.factor(weight, at)
        : op.factor(loops[worker].widened(type, weight, at, columns), 0);
  }

  private float factor(EmbeddingRenorm op, int worker, long at) {
    float norm = loops[worker].norm(type, weight, at, columns, op.normType());
    if (op.normType() == 2) {
      norm = (float) Math.sqrt(norm);
    }
    float most = (float) op.maxNorm();
    return norm > most ? most / (norm + EmbeddingRenorm.EPS) : -1;
  }
}
