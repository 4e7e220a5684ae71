package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.Positions;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Looks up rows of float64 tables, and shortens them. */
final class CpuFloat64Tables {
  private final CpuBackend backend;
  private final CpuStatus status;

  CpuFloat64Tables(CpuBackend backend, CpuStatus status) {
    this.backend = backend;
    this.status = status;
  }

  void forward(EmbeddingForward operation) {
    MemorySegment weight = backend.memory(operation.weight());
    MemorySegment indices = backend.memory(operation.indices());
    @Nullable Positions positions = operation.positions();
    MemorySegment added =
        positions == null ? MemorySegment.NULL : backend.memory(positions.table());
    MemorySegment out = backend.memory(operation.out());
    int columns = operation.weight().columns();
    status.beginOperation();
    for (int n = 0; n < operation.count(); n++) {
      int index = indices.get(JAVA_INT, 4L * n);
      if (index < 0 || index >= operation.weight().rows()) {
        status.record(n, index, operation.weight().rows());
        continue;
      }
      long position = positions == null ? 0 : positions.start() + (long) n % operation.seqLen();
      for (int d = 0; d < columns; d++) {
        double x = weight.get(JAVA_DOUBLE, 8 * ((long) index * columns + d));
        if (positions != null) {
          x += added.get(JAVA_DOUBLE, 8 * (position * columns + d));
        }
        out.set(JAVA_DOUBLE, 8 * ((long) n * columns + d), x);
      }
    }
  }

  void renorm(EmbeddingRenorm operation) {
    MemorySegment weight = backend.memory(operation.weight());
    long rowBytes = operation.weight().rowBytes();
    for (int i = 0; i < operation.rows(); i++) {
      MemorySegment row = weight.asSlice(operation.row(i) * rowBytes, rowBytes);
      double norm = norm(row, operation.normType());
      if (norm > operation.maxNorm()) {
        double factor = operation.maxNorm() / (norm + EmbeddingRenorm.EPS_FLOAT64);
        for (long at = 0; at < rowBytes; at += 8) {
          row.set(JAVA_DOUBLE, at, row.get(JAVA_DOUBLE, at) * factor);
        }
      }
    }
  }

  private static double norm(MemorySegment row, double p) {
    double[] x = row.toArray(JAVA_DOUBLE);
    Float64Lanes sum = new Float64Lanes();
    double powers = 0;
    double largest = 0;
    for (double each : x) {
      double magnitude = Math.abs(each);
      if (p == Double.POSITIVE_INFINITY) {
        largest = Math.max(largest, magnitude); // a NaN stays
      } else if (p == 1 || p == 2) {
        sum.add(p == 1 ? magnitude : magnitude * magnitude);
      } else {
        powers += StrictMath.pow(magnitude, p);
      }
    }
    if (p == Double.POSITIVE_INFINITY) {
      return largest;
    }
    return p == 1 ? sum.total() : p == 2 ? Math.sqrt(sum.total()) : StrictMath.pow(powers, 1 / p);
  }
}
