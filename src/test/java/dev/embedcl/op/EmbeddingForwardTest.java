package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DeviceBuffer;
import java.util.Arrays;

/** {@link EmbeddingForward} on every backend, against {@link OperationReference}. */
final class EmbeddingForwardTest {
  /** Around the widths of vectors and work-groups. */
  static final int[] DIMENSIONS = {
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 31, 32, 33, 63, 64, 65, 255, 256,
    257, 300, 768
  };

  /** Batch size and sequence length. */
  static final int[][] BATCHES = {
    {0, 5}, {5, 0}, {0, 0}, {1, 1}, {1, 7}, {7, 1}, {2, 5}, {3, 3}, {4, 4}, {5, 3}, {8, 2}, {9, 5}
  };

  @EveryBackend
  void everyDimensionGivesTheReferenceBits(TestBackend device) {
    for (int dim : DIMENSIONS) {
      check(device, TestBatch.uniform(TestBatch.SEED + dim, 3, 7, 2, 11, dim), true);
      check(device, TestBatch.uniform(TestBatch.SEED - dim, 5, 3, 0, 11, dim), false);
    }
  }

  @EveryBackend
  void everyBatchSizeAndLengthGivesTheReferenceBits(TestBackend device) {
    for (int[] batch : BATCHES) {
      for (int start : new int[] {0, 1, 6}) {
        check(device, TestBatch.uniform(TestBatch.SEED, batch[0], batch[1], start, 5, 12), true);
      }
      check(device, TestBatch.uniform(TestBatch.SEED, batch[0], batch[1], 0, 5, 12), false);
    }
  }

  @EveryBackend
  void largeBatchGivesTheReferenceBits(TestBackend device) {
    check(device, TestBatch.uniform(TestBatch.SEED, 5, 257, 3, 1000, 300), true);
    check(device, TestBatch.uniform(TestBatch.SEED, 1, 1500, 0, 1000, 129), true);
    check(device, TestBatch.uniform(TestBatch.SEED, 1500, 1, 0, 1000, 129), true);
    check(device, TestBatch.uniform(TestBatch.SEED, 7, 300, 0, 1000, 129), false);
  }

  @EveryBackend
  void gatherKeepsEveryBit(TestBackend device) {
    int[] weight = new int[4 * 67];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = i * 0x9e3779b1; // signalling NaNs, infinities and subnormals among them
    }
    weight[0] = 0x80000000;
    weight[1] = 0x7f800001;
    weight[2] = 0x00000001;
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix table = memory.matrixOfBits(67, weight);
      Matrix out = memory.matrix(67, new float[3 * 67]);
      device
          .shared()
          .execute(new EmbeddingForward(table, memory.ids(new int[] {3, 0, 3}), null, out, 1, 3));
      int[] row0 = Arrays.copyOf(weight, 67);
      int[] row3 = Arrays.copyOfRange(weight, 3 * 67, 4 * 67);
      int[] actual = memory.readBits(out.buffer());
      assertThat(Arrays.copyOf(actual, 67)).isEqualTo(row3);
      assertThat(Arrays.copyOfRange(actual, 67, 2 * 67)).isEqualTo(row0);
      assertThat(Arrays.copyOfRange(actual, 2 * 67, 3 * 67)).isEqualTo(row3);
    }
  }

  @EveryBackend
  void specialNumbersAddAsIeee754Says(TestBackend device) {
    assumeFalse(
        device.shared().device().flushesSubnormals(), "this device flushes subnormal numbers");
    float[] special = {
      0f,
      -0f,
      1f,
      -1f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MIN_NORMAL,
      -Float.MIN_NORMAL,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN
    };
    int dim = special.length * special.length;
    float[] weight = new float[dim];
    float[] positions = new float[2 * dim];
    for (int i = 0; i < dim; i++) {
      weight[i] = special[i / special.length];
      positions[i] = special[i % special.length];
    }
    check(
        device,
        new TestBatch(1, 1, 1, dim, 0, new int[] {0}, weight, positions, new float[dim]),
        true);
  }

  @EveryBackend
  void rowsBehindTheBatchStayAsTheyAre(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(3, new float[] {1, 2, 3, 4, 5, 6});
      float[] before = new float[5 * 3];
      Arrays.fill(before, -9);
      Matrix out = memory.matrix(3, before);
      DeviceBuffer ids = memory.ids(new int[] {1, 0, 1, 1, 1});
      device.shared().execute(new EmbeddingForward(weight, ids, null, out, 2, 1));
      assertThat(memory.read(out))
          .containsExactly(4, 5, 6, 1, 2, 3, -9, -9, -9, -9, -9, -9, -9, -9, -9);
    }
  }

  @EveryBackend
  void firstBadIdIsReportedOnceAndItsRowLeftAlone(TestBackend device) {
    int dim = 70;
    int count = 40 * 21;
    int[] ids = new int[count];
    Arrays.setAll(ids, i -> i % 9);
    ids[17] = 9;
    ids[18] = -1;
    ids[500] = Integer.MAX_VALUE;
    ids[839] = Integer.MIN_VALUE;
    for (boolean withPositions : new boolean[] {true, false}) {
      try (TestMemory memory = new TestMemory(device.shared())) {
        float[] ones = new float[9 * dim];
        Arrays.fill(ones, 1);
        float[] twos = new float[21 * dim];
        Arrays.fill(twos, 2);
        float[] before = new float[count * dim];
        Arrays.fill(before, -7);
        Matrix out = memory.matrix(dim, before);
        Positions positions = withPositions ? new Positions(memory.matrix(dim, twos), 0) : null;
        device
            .shared()
            .execute(
                new EmbeddingForward(
                    memory.matrix(dim, ones), memory.ids(ids), positions, out, 40, 21));
        assertThatThrownBy(device.shared()::synchronize)
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("indices[17] = 9 is out of range [0, 9)");
        assertThatCode(device.shared()::synchronize).doesNotThrowAnyException();

        float[] expected = before.clone();
        for (int n = 0; n < count; n++) {
          if (ids[n] >= 0 && ids[n] < 9) {
            Arrays.fill(expected, n * dim, (n + 1) * dim, withPositions ? 3 : 1);
          }
        }
        assertSameBits(memory.read(out), expected, dim, "out");
      }
    }
  }

  @EveryBackend
  void tableMayServeAsPositionsToo(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix table = memory.matrix(2, new float[] {1, 2, 30, 40});
      Matrix out = memory.matrix(2, new float[4]);
      device
          .shared()
          .execute(
              new EmbeddingForward(
                  table, memory.ids(new int[] {1, 1}), new Positions(table, 0), out, 1, 2));
      assertThat(memory.read(out)).containsExactly(31, 42, 60, 80);
    }
  }

  private static void check(TestBackend device, TestBatch batch, boolean withPositions) {
    Backend backend = device.shared();
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix weight = memory.matrix(dim, batch.weight());
      Matrix table = memory.matrix(dim, batch.positions());
      Matrix out = memory.matrix(dim, new float[batch.count() * dim]);
      DeviceBuffer ids = memory.ids(batch.ids());
      Positions positions = withPositions ? new Positions(table, batch.start()) : null;
      backend.execute(
          new EmbeddingForward(weight, ids, positions, out, batch.batchSize(), batch.seqLen()));
      float[] expected = OperationReference.forward(batch, withPositions);
      assertSameBits(memory.read(out), expected, dim, batch);
      assertThat(memory.readBits(weight.buffer())).isEqualTo(TestMemory.bits(batch.weight()));
      assertThat(memory.readBits(table.buffer())).isEqualTo(TestMemory.bits(batch.positions()));
      assertThat(memory.readBits(ids)).isEqualTo(batch.ids());
      backend.synchronize();
    }
  }
}
