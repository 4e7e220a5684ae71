package dev.embedcl.backend;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Known answers that a device has to give before {@code auto} takes it: a driver that builds and
 * runs kernels may still compute nonsense. All numbers are small integers, so every order of
 * additions has to give exactly these.
 */
final class SelfTest {
  private static final int ROWS = 7;
  private static final int DIM = 8;
  private static final int BATCH = 3;
  private static final int SEQ = 2;
  private static final int[] IDS = {6, 0, 3, 3, 6, 6};

  private SelfTest() {}

  /**
   * Runs the test.
   *
   * @throws IllegalStateException if the backend gives a wrong answer; whatever it throws itself
   *     passes through
   */
  static void run(Backend backend) {
    try (DeviceBuffer weight = backend.allocate(DType.FLOAT32, ROWS * DIM);
        DeviceBuffer positions = backend.allocate(DType.FLOAT32, SEQ * DIM);
        DeviceBuffer indices = backend.allocate(DType.INT32, IDS.length);
        DeviceBuffer out = backend.allocate(DType.FLOAT32, (long) IDS.length * DIM)) {
      float[] w = ramp(ROWS * DIM, 1);
      float[] p = ramp(SEQ * DIM, 1000);
      weight.write(MemorySegment.ofArray(w));
      positions.write(MemorySegment.ofArray(p));
      indices.write(MemorySegment.ofArray(IDS));
      Matrix weightMatrix = new Matrix(weight, ROWS, DIM);
      Matrix outMatrix = new Matrix(out, IDS.length, DIM);
      Positions slice = new Positions(new Matrix(positions, SEQ, DIM), 0);

      backend.execute(new EmbeddingForward(weightMatrix, indices, slice, outMatrix, BATCH, SEQ));
      float[] expectedOut = new float[IDS.length * DIM];
      for (int n = 0; n < IDS.length; n++) {
        for (int d = 0; d < DIM; d++) {
          expectedOut[n * DIM + d] = w[IDS[n] * DIM + d] + p[n % SEQ * DIM + d];
        }
      }
      expect("embedding forward", out, expectedOut);

      backend.execute(
          new EmbeddingUpdate(
              outMatrix, IndexGroups.of(IDS, ROWS), SgdUpdate.plain(weightMatrix, 2)));
      backend.execute(
          new PositionUpdate(outMatrix, SgdUpdate.plain(slice.table(), 2), 0, BATCH, SEQ));
      for (int n = 0; n < IDS.length; n++) {
        for (int d = 0; d < DIM; d++) {
          w[IDS[n] * DIM + d] -= 2 * expectedOut[n * DIM + d];
          p[n % SEQ * DIM + d] -= 2 * expectedOut[n * DIM + d];
        }
      }
      expect("SGD step of the token table", weight, w);
      expect("SGD step of the positional table", positions, p);
      backend.synchronize();
    }
  }

  private static float[] ramp(int length, int first) {
    float[] values = new float[length];
    for (int i = 0; i < length; i++) {
      values[i] = first + i;
    }
    return values;
  }

  private static void expect(String what, DeviceBuffer buffer, float[] expected) {
    float[] actual = new float[expected.length];
    buffer.read(MemorySegment.ofArray(actual));
    int at = Arrays.mismatch(expected, actual);
    if (at >= 0) {
      throw new IllegalStateException(
          "self-test failed: "
              + what
              + " gives "
              + actual[at]
              + " at element "
              + at
              + " instead of "
              + expected[at]);
    }
  }
}
