package dev.embedcl.nn;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
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
          float[] mean = mean(old);
          MemorySegment row = MemorySegment.ofArray(mean);
          for (long at = old.rows(); at < rows; at++) {
            target.matrix().buffer().write(at * mean.length, row);
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
    if (from.type() != DType.FLOAT32) {
      throw new IllegalArgumentException(
          old + " holds " + from.type() + "; only FLOAT32 tables can be resized");
    }
    Parameter target = Parameter.zeros(old.backend(), old.name(), rows, old.columns());
    try {
      long elements = Math.min(rows, old.rows()) * old.columns();
      float[] part = new float[(int) Math.min(PART, elements)];
      for (long at = 0; at < elements; at += PART) {
        MemorySegment some =
            MemorySegment.ofArray(part).asSlice(0, 4 * Math.min(PART, elements - at));
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

  private static float[] mean(Parameter table) {
    int columns = table.columns();
    double[] sums = new double[columns];
    int rowsToAPart = Math.max(1, PART / columns);
    float[] part = new float[(int) Math.min(rowsToAPart, table.rows()) * columns];
    for (long row = 0; row < table.rows(); row += rowsToAPart) {
      int elements = (int) Math.min(rowsToAPart, table.rows() - row) * columns;
      table
          .matrix()
          .buffer()
          .read(row * columns, MemorySegment.ofArray(part).asSlice(0, 4L * elements));
      for (int i = 0; i < elements; i++) {
        sums[i % columns] += part[i];
      }
    }
    float[] mean = new float[columns];
    for (int d = 0; d < columns; d++) {
      mean[d] = (float) (sums[d] / (double) table.rows());
    }
    return mean;
  }
}
