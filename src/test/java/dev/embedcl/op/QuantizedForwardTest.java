package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DeviceType;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Forward passes over a {@link QuantizedMatrix} on every backend, against {@link QuantizedCase}.
 */
final class QuantizedForwardTest {
  private static final List<DType> OUTPUTS = List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16);

  /** Around the widths of vectors, of work-groups and of strips. */
  private static final int[] DIMENSIONS = {
    1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 32, 33, 64, 65, 128, 129, 256, 511, 512, 513, 1030
  };

  @EveryBackend
  void everyDimensionGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : DIMENSIONS) {
      checkForward(device, random, dim, 3, 7, DType.FLOAT32, DType.FLOAT32);
      checkForward(device, random, dim, 5, 3, DType.FLOAT32, DType.FLOAT32);
      checkBags(device, bags(random, dim), BagMode.SUM, false, DType.FLOAT32);
    }
    checkForward(device, random, 300, 7, 200, DType.FLOAT32, DType.FLOAT32);
  }

  @EveryBackend
  void everyModeOfBagsGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    checkBags(device, bags(random, 37), BagMode.SUM, true, DType.FLOAT32);
    checkBags(device, bags(random, 37), BagMode.MAX, false, DType.FLOAT32);
    if (device.shared().device().correctlyRoundedDivision()) {
      checkBags(device, bags(random, 37), BagMode.MEAN, false, DType.FLOAT32);
    }
    for (int i = 0; i < 50; i++) {
      BagCase bags = BagCase.random(new SplittableRandom(TestBatch.SEED + i));
      checkBags(device, bags, BagMode.SUM, false, DType.FLOAT32);
    }
  }

  /** Every mix in pure Java; one on devices, where building programs takes most of the time. */
  @EveryBackend
  void everyMixOfTypesGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    boolean pureJava = device.shared().device().type() == DeviceType.JAVA;
    for (DType out : pureJava ? OUTPUTS : List.of(DType.BFLOAT16)) {
      for (DType positions : pureJava ? OUTPUTS : List.of(DType.FLOAT16)) {
        for (int dim : pureJava ? new int[] {1, 37, 520} : new int[] {37}) {
          checkForward(device, random, dim, 6, 5, positions, out);
        }
      }
      for (BagMode mode : pureJava ? BagMode.values() : new BagMode[0]) {
        checkBags(device, bags(random, 37), mode, false, out);
      }
    }
  }

  @EveryBackend
  void badIdsAreSkippedAndTheFirstReported(TestBackend device) {
    QuantizedCase rows = QuantizedCase.random(new SplittableRandom(TestBatch.SEED), 3, 5);
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix out = memory.matrix(5, new float[4 * 5]);
      DeviceBuffer ids = memory.ids(new int[] {2, 3, -1, 0});
      device.shared().execute(new EmbeddingForward(rows.table(memory), ids, null, out, 4, 1));
      assertThatThrownBy(device.shared()::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[1] = 3 is out of range [0, 3)");
      float[] expected = new float[4 * 5];
      System.arraycopy(rows.numbers(), 10, expected, 0, 5);
      System.arraycopy(rows.numbers(), 0, expected, 15, 5);
      assertSameBits(memory.read(out), expected, 5, "rows of good ids");
    }
  }

  @EveryBackend
  void sizesAndTypesAreChecked(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      DeviceBuffer floats = memory.ids(new int[4]);
      assertThatThrownBy(() -> new QuantizedMatrix(floats, 1, 1))
          .hasMessage("quantised rows in a buffer of INT32; they are kept as UINT8");
      DeviceBuffer bytes = memory.bytes(new byte[30]);
      long rows = bytes.elements() / 11 + 1;
      assertThatThrownBy(() -> new QuantizedMatrix(bytes, rows, 3))
          .hasMessage(
              "%d quantised rows of 3 columns take %d bytes; the buffer has %d",
              rows, rows * 11, bytes.elements());
      assertThatThrownBy(() -> new QuantizedMatrix(bytes, 1, 0))
          .hasMessageContaining("columns = 0");
      assertThatThrownBy(() -> new QuantizedMatrix(bytes, -1, 1)).hasMessageContaining("rows = -1");
      assertThat(new QuantizedMatrix(bytes, 2, 7).rowBytes()).isEqualTo(15);
    }
  }

  static BagCase bags(SplittableRandom random, int dim) {
    return BagCase.of(random, 7, dim, new int[] {3, 0, 70, 1, 9}, 2, 2);
  }

  /** Checks lookups with positions and without. */
  static void checkForward(
      TestBackend device,
      SplittableRandom random,
      int dim,
      int batchSize,
      int seqLen,
      DType added,
      DType outType) {
    Backend backend = device.shared();
    QuantizedCase rows = QuantizedCase.random(random, 11, dim);
    TestBatch drawn = TestBatch.uniform(random.nextLong(), batchSize, seqLen, 2, 11, dim);
    float[] p = BagCase.stored(added, drawn.positions());
    TestBatch batch =
        new TestBatch(
            batchSize, seqLen, 11, dim, 2, drawn.ids(), rows.numbers(), p, drawn.gradOutput());
    try (TestMemory memory = new TestMemory(backend)) {
      QuantizedMatrix table = rows.table(memory);
      Matrix out = memory.matrix(outType, dim, new float[batch.count() * dim]);
      Positions positions = new Positions(memory.matrix(added, dim, p), 2);
      DeviceBuffer ids = memory.ids(batch.ids());
      for (boolean adds : new boolean[] {true, false}) {
        backend.execute(
            new EmbeddingForward(table, ids, adds ? positions : null, out, batchSize, seqLen));
        float[] expected = BagCase.stored(outType, OperationReference.forward(batch, adds));
        String what = "quantised + " + added + " to " + outType + ": " + batch;
        assertSameBits(memory.read(out), expected, dim, what);
      }
      backend.synchronize();
    }
  }

  static void checkBags(
      TestBackend device, BagCase drawn, BagMode mode, boolean weighted, DType outType) {
    Backend backend = device.shared();
    int dim = drawn.dim;
    QuantizedCase rows =
        QuantizedCase.random(new SplittableRandom(TestBatch.SEED), drawn.numEmbeddings, dim);
    BagCase bags = drawn.withWeight(rows.numbers());
    try (TestMemory memory = new TestMemory(backend)) {
      // A row more than there are bags, which has to stay as it is.
      float[] expected = new float[(bags.bags() + 1) * dim];
      Arrays.fill(expected, -9);
      Matrix out = memory.matrix(outType, dim, expected);
      @Nullable DeviceBuffer winners =
          mode == BagMode.MAX ? memory.ids(new int[bags.bags() * dim]) : null;
      @Nullable DeviceBuffer sampleWeights =
          weighted ? memory.matrix(1, bags.sampleWeights).buffer() : null;
      Bags ids =
          new Bags(
              memory.ids(bags.ids),
              memory.ids(bags.offsets),
              bags.ids.length,
              bags.bags(),
              bags.paddingIdx);
      backend.execute(
          new EmbeddingBagForward(rows.table(memory), ids, mode, sampleWeights, out, winners));
      float[] made = BagCase.stored(outType, bags.forward(mode, weighted));
      System.arraycopy(made, 0, expected, 0, made.length);
      assertSameBits(memory.read(out), expected, dim, mode + " to " + outType + ": " + bags);
      if (winners != null) {
        assertThat(memory.readBits(winners)).isEqualTo(bags.winners());
      }
      backend.synchronize();
    }
  }
}
