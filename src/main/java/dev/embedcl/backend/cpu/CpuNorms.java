package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DType;
import dev.embedcl.op.EmbeddingRenorm;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The loops over one row that limit its norm or measure it, in float32. For one thread. */
final class CpuNorms {
  /** Columns that are worked on at a time: a multiple of the lanes. */
  private static final int STRIP = RowStorage.STRIP;

  private final UpdateKernels kernels;
  private final RowStorage storage;
  private final StoredRows rows;
  private final float[] strip = new float[STRIP];
  private final float[] lanes = new float[EmbeddingRenorm.LANES];
  private float[] wide = new float[0];

  CpuNorms(RowKernels kernels) {
    this.kernels = kernels.updates(DType.FLOAT32);
    this.storage = kernels.storage();
    this.rows = new StoredRows(storage);
  }

  /** Returns one for each thread. */
  static CpuNorms[] of(RowKernels[] kernels) {
    return Arrays.stream(kernels).map(CpuNorms::new).toArray(CpuNorms[]::new);
  }

  /**
   * Returns Σ x², Σ |x| or the largest |x|, in the order of {@link EmbeddingRenorm}.
   *
   * @param at where the row begins, in bytes
   */
  float norm(DType type, MemorySegment rows, long at, int columns, double normType) {
    if (normType == 2) {
      return type == DType.FLOAT32
          ? kernels.sumOfSquares(rows, at, columns)
          : sumOfSquares(type, rows, at, columns);
    }
    return normType == 1
        ? sumOfMagnitudes(type, rows, at, columns)
        : largestMagnitude(type, rows, at, columns);
  }

  /** Multiplies a row in float32, and rounds it. */
  void scale(DType type, MemorySegment rows, long at, int columns, float factor) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(type, rows, at, columns, first);
      for (int d = 0; d < width; d++) {
        strip[d] *= factor;
      }
      storage.store(type, strip, rows, at + (long) first * type.bytes(), width);
    }
  }

  /** Returns a copy of a row in float32, which stays until the next call. */
  MemorySegment widened(DType type, MemorySegment from, long at, int columns) {
    if (wide.length < columns) {
      wide = new float[columns];
    }
    MemorySegment copy = MemorySegment.ofArray(wide);
    rows.convert(type, from, at, DType.FLOAT32, copy, 0, columns);
    return copy;
  }

  private float sumOfSquares(DType type, MemorySegment rows, long at, int columns) {
    Arrays.fill(lanes, 0);
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(type, rows, at, columns, first);
      for (int d = 0; d < width; d += EmbeddingRenorm.LANES) {
        int some = Math.min(EmbeddingRenorm.LANES, width - d);
        for (int l = 0; l < some; l++) {
          lanes[l] += strip[d + l] * strip[d + l];
        }
      }
    }
    return UpdateKernels.addLanes(lanes);
  }

  private float sumOfMagnitudes(DType type, MemorySegment rows, long at, int columns) {
    Arrays.fill(lanes, 0);
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(type, rows, at, columns, first);
      for (int d = 0; d < width; d += EmbeddingRenorm.LANES) {
        int some = Math.min(EmbeddingRenorm.LANES, width - d);
        for (int l = 0; l < some; l++) {
          lanes[l] += Math.abs(strip[d + l]);
        }
      }
    }
    return UpdateKernels.addLanes(lanes);
  }

  private float largestMagnitude(DType type, MemorySegment rows, long at, int columns) {
    float largest = 0;
    for (int first = 0; first < columns; first += STRIP) {
      int width = load(type, rows, at, columns, first);
      for (int d = 0; d < width; d++) {
        largest = Math.max(largest, Math.abs(strip[d])); // a NaN stays
      }
    }
    return largest;
  }

  private int load(DType type, MemorySegment rows, long at, int columns, int first) {
    int width = Math.min(STRIP, columns - first);
    storage.load(type, rows, at + (long) first * type.bytes(), strip, width);
    return width;
  }
}
