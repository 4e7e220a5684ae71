package dev.embedcl.nn;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;

/** Makes a table of other rows than another's, which stays as it is; passes it in parts. */
final class ResizedTable {
  /** Elements that are on their way at a time. */
  private static final int PART = 1 << 18;

  private ResizedTable() {}

  /** Returns a table whose new rows are the mean of all old ones. */
  static Parameter ofMean(Parameter old, long rows) {
    return copied(
        old,
        rows,
        target -> {
          try (HostTensor mean = mean(old)) {
            for (long at = old.rows(); at < rows; at++) {
              target.matrix().buffer().write(at * old.columns(), mean.segment());
            }
          }
        });
  }

  /** Returns a table whose new rows are standard normal values. */
  static Parameter ofNormal(Parameter old, long rows, TorchGenerator generator) {
    return copied(
        old,
        rows,
        target -> {
          if (rows > old.rows()) {
            NormalFill.fill(target.matrix().buffer(), old.rows() * old.columns(), generator);
          }
        });
  }

  private interface Fill {
    void accept(Parameter target);
  }

  private static Parameter copied(Parameter old, long rows, Fill fill) {
    DeviceBuffer from = old.matrix().buffer();
    Parameter target = Parameter.zeros(old.backend(), old.name(), old.dtype(), rows, old.columns());
    try {
      long elements = Math.min(rows, old.rows()) * old.columns();
      int width = old.dtype().bytes();
      MemorySegment part = MemorySegment.ofArray(new byte[(int) Math.min(PART, elements) * width]);
      for (long at = 0; at < elements; at += PART) {
        MemorySegment some = part.asSlice(0, width * Math.min(PART, elements - at));
        from.read(at, some);
        target.matrix().buffer().write(at, some);
      }
      fill.accept(target);
      target.requiresGrad(old.requiresGrad());
      return target;
    } catch (RuntimeException | Error e) {
      target.close();
      throw e;
    }
  }

  /** Returns the mean of all rows, of the table's type. */
  private static HostTensor mean(Parameter table) {
    int columns = table.columns();
    double[] sums = new double[columns];
    int rowsToAPart = Math.max(1, PART / columns);
    for (long row = 0; row < table.rows(); row += rowsToAPart) {
      long rows = Math.min(rowsToAPart, table.rows() - row);
      try (HostTensor part = HostTensor.allocate(table.dtype(), Shape.of(rows * columns))) {
        table.matrix().buffer().read(row * columns, part.segment());
        try (HostTensor wide = part.to(DType.FLOAT64)) {
          double[] values = wide.toDoubleArray();
          for (int i = 0; i < values.length; i++) {
            sums[i % columns] += values[i];
          }
        }
      }
    }
    for (int d = 0; d < columns; d++) {
      sums[d] /= (double) table.rows();
    }
    try (HostTensor mean = HostTensor.of(Shape.of(columns), sums)) {
      return mean.to(table.dtype());
    }
  }
}
