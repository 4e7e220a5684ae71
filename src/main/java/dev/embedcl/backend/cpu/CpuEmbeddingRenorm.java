package dev.embedcl.backend.cpu;

import dev.embedcl.op.EmbeddingRenorm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Shortens rows that are too long, each on one thread. */
final class CpuEmbeddingRenorm implements CpuWorkers.Task {
  /** Columns that are worked on at a time: a multiple of the lanes. */
  private static final int STRIP = 512;

  private final CpuBackend backend;
  private final CpuWorkers workers;
  private final RowKernels[] kernels;
  private final float[][] strips;
  private final float[][] lanes;

  private MemorySegment weight = MemorySegment.NULL;
  private @Nullable EmbeddingRenorm operation;
  private int columns;
  private int chunks;

  CpuEmbeddingRenorm(CpuBackend backend, CpuWorkers workers, RowKernels[] kernels) {
    this.backend = backend;
    this.workers = workers;
    this.kernels = kernels;
    this.strips = new float[workers.threads()][STRIP];
    this.lanes = new float[workers.threads()][EmbeddingRenorm.LANES];
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
        scale(strips[worker], at, factor);
      }
    }
  }

  private float factor(EmbeddingRenorm op, int worker, long at) {
    float norm;
    if (op.normType() == 2) {
      norm = (float) Math.sqrt(kernels[worker].updates().sumOfSquares(weight, at, columns));
    } else if (op.normType() == 1) {
      norm = sumOfMagnitudes(strips[worker], lanes[worker], at);
    } else {
      norm = largestMagnitude(strips[worker], at);
    }
    float most = (float) op.maxNorm();
    return norm > most ? most / (norm + EmbeddingRenorm.EPS) : -1;
  }

  private float sumOfMagnitudes(float[] strip, float[] lane, long at) {
    Arrays.fill(lane, 0);
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(strip, at, first);
      for (int d = 0; d < width; d += EmbeddingRenorm.LANES) {
        int some = Math.min(EmbeddingRenorm.LANES, width - d);
        for (int l = 0; l < some; l++) {
          lane[l] += Math.abs(strip[d + l]);
        }
      }
    }
    return UpdateKernels.addLanes(lane);
  }

  private float largestMagnitude(float[] strip, long at) {
    float largest = 0;
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(strip, at, first);
      for (int d = 0; d < width; d++) {
        largest = Math.max(largest, Math.abs(strip[d])); // a NaN stays
      }
    }
    return largest;
  }

  private void scale(float[] strip, long at, float factor) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(strip, at, first);
      for (int d = 0; d < width; d++) {
        strip[d] *= factor;
      }
      MemorySegment.copy(strip, 0, weight, UpdateKernels.FLOAT, at + 4L * first, width);
    }
  }

  private int load(float[] strip, long at, int first) {
    int width = Math.min(STRIP, columns - first);
    MemorySegment.copy(weight, UpdateKernels.FLOAT, at + 4L * first, strip, 0, width);
    return width;
  }
}
