package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** {@link EmbeddingBagForward} on every backend, against {@link BagCase}. */
final class EmbeddingBagForwardTest {
  private static final int CASES = 300;
  private static final List<DType> HALVES = List.of(DType.FLOAT16, DType.BFLOAT16);

  /** Around the widths of vectors, of several of them, and of work-groups. */
  private static final int[] DIMENSIONS = {
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 128, 129, 255, 256, 300
  };

  @EveryBackend
  void everyDimensionGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : DIMENSIONS) {
      check(device, BagCase.of(random, 7, dim, new int[] {3, 0, 70, 1, 9}, 2, -1));
      check(device, BagCase.of(random, 7, dim, new int[] {3, 0, 70, 1, 9}, 0, 2));
    }
  }

  @EveryBackend
  void bagsOfEveryLengthGiveTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] sizes = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 63, 64, 65, 66, 127, 128, 129, 200, 0};
    for (int numEmbeddings : new int[] {1, 2, 5, 1000}) {
      for (long padding : new long[] {-1, 0, numEmbeddings - 1}) {
        check(device, BagCase.of(random, numEmbeddings, 21, sizes, 0, padding));
      }
    }
  }

  @EveryBackend
  void randomBagsGiveTheReferenceBits(TestBackend device) {
    for (int i = 0; i < CASES; i++) {
      check(device, BagCase.random(new SplittableRandom(TestBatch.SEED + i)));
    }
  }

  @EveryBackend
  void tablesOf16BitsGiveTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (DType type : HALVES) {
      for (int dim : new int[] {1, 3, 16, 37, 520, 1030}) {
        BagCase bags = BagCase.of(random, 7, dim, new int[] {3, 0, 70, 1, 200}, 2, 2);
        checkStored(device, bags, type, type);
        checkStored(device, bags, type, DType.FLOAT32);
      }
    }
  }

  @EveryBackend
  void randomBagsOf16BitsGiveTheReferenceBits(TestBackend device) {
    for (int i = 0; i < CASES / 6; i++) {
      BagCase bags = BagCase.random(new SplittableRandom(TestBatch.SEED + i));
      DType type = HALVES.get(i % 2);
      checkStored(device, bags, type, i % 3 == 0 ? DType.FLOAT32 : type);
    }
  }

  @EveryBackend
  void outputsAreFloat32OrOfTheTablesType(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(DType.FLOAT16, 1, new float[2]);
      Matrix out = memory.matrix(DType.BFLOAT16, 1, new float[1]);
      Bags bags = new Bags(memory.ids(new int[1]), memory.ids(new int[] {0, 1}), 1, 1, -1);
      assertThatThrownBy(() -> new EmbeddingBagForward(weight, bags, BagMode.SUM, null, out, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "out is BFLOAT16 and weight FLOAT16; give an out of FLOAT32 or of weight's type");
    }
  }

  @EveryBackend
  void manyBagsGiveTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] sizes = random.ints(700, 0, 30).toArray();
    check(device, BagCase.of(random, 500, 65, sizes, 0, 3));
  }

  @EveryBackend
  void noBagsLeaveTheOutputAlone(TestBackend device) {
    check(device, BagCase.of(new SplittableRandom(1), 3, 4, new int[0], 0, -1));
    check(device, BagCase.of(new SplittableRandom(1), 3, 4, new int[0], 5, -1));
  }

  @EveryBackend
  void maximumKeepsTheFirstOfEqualsAndPassesOverLaterNans(TestBackend device) {
    float nan = Float.NaN;
    // Four columns: equal numbers, a NaN first, a NaN later, and zeros of both signs.
    float[] weight = {
      7, nan, 1, -0f,
      7, 9, nan, 0f,
      6, nan, 3, 0f
    };
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix out = memory.matrix(4, new float[4]);
      DeviceBuffer winners = memory.ids(new int[4]);
      Bags bags = new Bags(memory.ids(new int[] {0, 1, 2}), memory.ids(new int[] {0, 3}), 3, 1, -1);
      device
          .shared()
          .execute(
              new EmbeddingBagForward(
                  memory.matrix(4, weight), bags, BagMode.MAX, null, out, winners));
      assertSameBits(memory.read(out), new float[] {7, nan, 3, -0f}, 4, "out");
      assertThat(memory.readBits(winners)).containsExactly(0, 0, 2, 0);
    }
  }

  @EveryBackend
  void badIdsAreSkippedAndTheFirstReportedOnce(TestBackend device) {
    int dim = 19;
    int[] ids = {0, 1, 9, 2, -1, 2, Integer.MAX_VALUE, 3, 3, 3, 3, 3, Integer.MIN_VALUE};
    float[] weight = new float[4 * dim];
    for (int i = 0; i < weight.length; i++) {
      weight[i] = 1 + i / dim;
    }
    for (BagMode mode : BagMode.values()) {
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix out = memory.matrix(dim, new float[3 * dim]);
        DeviceBuffer winners = mode == BagMode.MAX ? memory.ids(new int[3 * dim]) : null;
        Bags bags = new Bags(memory.ids(ids), memory.ids(new int[] {0, 5, 7, 13}), 13, 3, -1);
        device
            .shared()
            .execute(
                new EmbeddingBagForward(
                    memory.matrix(dim, weight), bags, mode, null, out, winners));
        assertThatThrownBy(device.shared()::synchronize)
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("indices[2] = 9 is out of range [0, 4)");
        assertThatCode(device.shared()::synchronize).doesNotThrowAnyException();
        float[] expected = new float[3 * dim];
        Arrays.fill(expected, 0, dim, mode == BagMode.SUM ? 6 : mode == BagMode.MEAN ? 2 : 3);
        Arrays.fill(expected, dim, 2 * dim, 3);
        Arrays.fill(expected, 2 * dim, 3 * dim, mode == BagMode.SUM ? 20 : 4);
        assertSameBits(memory.read(out), expected, dim, mode);
      }
    }
  }

  @EveryBackend
  void wrongOffsetsReadNothingBeyondTheIds(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(1, new float[] {1, 10, 100});
      Matrix out = memory.matrix(1, new float[4]);
      int[] offsets = {-5, 2, 1, Integer.MAX_VALUE, Integer.MIN_VALUE};
      Bags bags = new Bags(memory.ids(new int[] {0, 1, 2}), memory.ids(offsets), 3, 4, -1);
      device.shared().execute(new EmbeddingBagForward(weight, bags, BagMode.SUM, null, out, null));
      assertThat(memory.read(out)).containsExactly(11, 0, 110, 0);
      device.shared().synchronize();
    }
  }

  static void check(TestBackend device, BagCase bags) {
    checkStored(device, bags, DType.FLOAT32, DType.FLOAT32);
  }

  /** Checks every mode with what a type keeps of the table. */
  static void checkStored(TestBackend device, BagCase bags, DType type, DType outType) {
    BagCase stored = bags.storedAs(type);
    check(device, stored, BagMode.SUM, false, type, outType);
    check(device, stored, BagMode.SUM, true, type, outType);
    check(device, stored, BagMode.MAX, false, type, outType);
    if (device.shared().device().correctlyRoundedDivision()) {
      check(device, stored, BagMode.MEAN, false, type, outType);
    }
  }

  private static void check(
      TestBackend device, BagCase bags, BagMode mode, boolean weighted, DType type, DType outType) {
    int dim = bags.dim;
    String what = mode + (weighted ? " weighted, " : ", ") + type + " to " + outType + ": " + bags;
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(type, dim, bags.weight);
      // A row more than there are bags, which has to stay as it is.
      float[] before = new float[(bags.bags() + 1) * dim];
      Arrays.fill(before, -9);
      int[] winnersBefore = new int[(bags.bags() + 1) * dim];
      Arrays.fill(winnersBefore, -9);
      Matrix out = memory.matrix(outType, dim, before);
      @Nullable DeviceBuffer winners = mode == BagMode.MAX ? memory.ids(winnersBefore) : null;
      @Nullable DeviceBuffer sampleWeights =
          weighted ? memory.matrix(1, bags.sampleWeights).buffer() : null;
      Bags ids =
          new Bags(
              memory.ids(bags.ids),
              memory.ids(bags.offsets),
              bags.ids.length,
              bags.bags(),
              bags.paddingIdx);
      device
          .shared()
          .execute(new EmbeddingBagForward(weight, ids, mode, sampleWeights, out, winners));
      float[] expected = BagCase.stored(outType, bags.forward(mode, weighted));
      System.arraycopy(expected, 0, before, 0, expected.length);
      assertSameBits(memory.read(out), before, dim, what);
      if (winners != null) {
        int[] won = bags.winners();
        System.arraycopy(won, 0, winnersBefore, 0, won.length);
        assertThat(memory.readBits(winners)).as("winners, %s", what).isEqualTo(winnersBefore);
      }
      device.shared().synchronize();
    }
  }
}
