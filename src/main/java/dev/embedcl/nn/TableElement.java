package dev.embedcl.nn;

import dev.embedcl.memory.DType;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;

/**
 * One element of a table on a device.
 *
 * @param matrix float32 or float64
 * @param at which of its elements, row after row
 */
record TableElement(Matrix matrix, long at) {

  double read() {
    if (matrix.type() == DType.FLOAT64) {
      double[] wide = new double[1];
      matrix.buffer().read(at, MemorySegment.ofArray(wide));
      return wide[0];
    }
    float[] narrow = new float[1];
    matrix.buffer().read(at, MemorySegment.ofArray(narrow));
    return narrow[0];
  }

  /** Writes the nearest number of the table's type, and returns it. */
  double write(double value) {
    if (matrix.type() == DType.FLOAT64) {
      matrix.buffer().write(at, MemorySegment.ofArray(new double[] {value}));
      return value;
    }
    float narrow = (float) value;
    matrix.buffer().write(at, MemorySegment.ofArray(new float[] {narrow}));
    return narrow;
  }
}
