package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import dev.embedcl.op.EmbeddingRenorm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The loops over one row that limit its norm or measure it. For one thread. */
final class CpuNorms {
  /** Columns that are worked on at a time: a multiple of the lanes. */
  private static final int STRIP = 512;

  private final UpdateKernels kernels;
  private final float[] strip = new float[STRIP];
  private final float[] lanes = new float[EmbeddingRenorm.LANES];

  CpuNorms(RowKernels kernels) {
    this.kernels = kernels.updates(DType.FLOAT32);
  }

  /** Returns one for each thread. */
  static CpuNorms[] of(RowKernels[] kernels) {
    return Arrays.stream(kernels).map(CpuNorms::new).toArray(CpuNorms[]::new);
  }

  /** Returns Σ x², Σ |x| or the largest |x|, in the order of {@link EmbeddingRenorm}. */
  float norm(MemorySegment rows, long at, int columns, double normType) {
    if (normType == 2) {
      return kernels.sumOfSquares(rows, at, columns);
    }
    return normType == 1 ? sumOfMagnitudes(rows, at, columns) : largestMagnitude(rows, at, columns);
  }

  /** Multiplies a row. */
  void scale(MemorySegment rows, long at, int columns, float factor) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(rows, at, columns, first);
      for (int d = 0; d < width; d++) {
        strip[d] *= factor;
      }
      MemorySegment.copy(strip, 0, rows, UpdateKernels.FLOAT, at + 4L * first, width);
    }
  }

  private float sumOfMagnitudes(MemorySegment rows, long at, int columns) {
    Arrays.fill(lanes, 0);
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(rows, at, columns, first);
      for (int d = 0; d < width; d += EmbeddingRenorm.LANES) {
        int some = Math.min(EmbeddingRenorm.LANES, width - d);
        for (int l = 0; l < some; l++) {
          lanes[l] += Math.abs(strip[d + l]);
        }
      }
    }
    return UpdateKernels.addLanes(lanes);
  }

  private float largestMagnitude(MemorySegment rows, long at, int columns) {
    float largest = 0;
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(rows, at, columns, first);
      for (int d = 0; d < width; d++) {
        largest = Math.max(largest, Math.abs(strip[d])); // a NaN stays
      }
    }
    return largest;
  }

  private int load(MemorySegment rows, long at, int columns, int first) {
    int width = Math.min(STRIP, columns - first);
    MemorySegment.copy(rows, UpdateKernels.FLOAT, at + 4L * first, strip, 0, width);
    return width;
  }
}
