package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.UpdateCase.OnDevice;
import dev.embedcl.op.UpdateCase.Tables;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The backward pass of bags, fused with every {@link RowUpdate} and coalesced, and the gradient of
 * per-sample weights, on every backend: bit for bit against {@link BagCase}.
 */
final class EmbeddingBagBackwardTest {
  private static final int CASES = 200;
  private static final int[] DIMENSIONS = {1, 3, 8, 16, 17, 37, 64, 260};

  /** Each mode, sums without weights and with. */
  private record Kind(BagMode mode, boolean weighted, boolean byFrequency) {}

  private static final List<Kind> KINDS =
      List.of(
          new Kind(BagMode.SUM, false, false),
          new Kind(BagMode.SUM, true, false),
          new Kind(BagMode.MEAN, false, false),
          new Kind(BagMode.MAX, false, false),
          new Kind(BagMode.SUM, false, true),
          new Kind(BagMode.SUM, true, true),
          new Kind(BagMode.MEAN, false, true),
          new Kind(BagMode.MAX, false, true));

  @EveryBackend
  void everyUpdateTakesScaledBagsAndMaxima(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (UpdateCase update : UpdateCase.values()) {
      if (exact(device, update)) {
        BagCase bags = BagCase.of(random, 6, 21, new int[] {4, 0, 90, 1, 7}, 3, 2);
        for (Kind kind : List.of(KINDS.get(1), KINDS.get(3))) {
          checkUpdate(device, random, bags, kind, update);
        }
      }
    }
  }

  @EveryBackend
  void everyDimensionGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : DIMENSIONS) {
      // Of two rows, each has many blocks.
      BagCase few = BagCase.of(random, 2, dim, new int[] {100, 0, 200, 1, 7}, 3, -1);
      BagCase more = BagCase.of(random, 40, dim, new int[] {4, 0, 9, 1, 7}, 0, 5);
      for (Kind kind : KINDS) {
        checkUpdate(device, random, few, kind, UpdateCase.ACCUMULATE);
        checkUpdate(device, random, more, kind, UpdateCase.ACCUMULATE);
      }
      checkSampleWeights(device, few);
      checkSampleWeights(device, more);
    }
  }

  @EveryBackend
  void randomBagsGiveTheReferenceBits(TestBackend device) {
    // Two of them: each has programs of its own to build, in every width.
    List<UpdateCase> updates = List.of(UpdateCase.ACCUMULATE, UpdateCase.ROWWISE_ADAGRAD);
    for (int i = 0; i < CASES; i++) {
      SplittableRandom random = new SplittableRandom(TestBatch.SEED + i);
      BagCase bags = BagCase.random(random);
      Kind kind = KINDS.get(random.nextInt(KINDS.size()));
      checkUpdate(device, random, bags, kind, updates.get(i % 2));
      checkSampleWeights(device, bags);
    }
  }

  @EveryBackend
  void manySampleWeightsGetTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    checkSampleWeights(
        device, BagCase.of(random, 300, 65, random.ints(700, 0, 30).toArray(), 4, 3));
  }

  @EveryBackend
  void sampleWeightsOfTablesOf16BitsGetTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
      for (int dim : new int[] {1, 3, 16, 37, 520, 1030}) {
        checkSampleWeights(device, BagCase.of(random, 40, dim, new int[] {4, 0, 9}, 2, 5), type);
      }
      for (int i = 0; i < CASES / 2; i++) {
        BagCase bags = BagCase.random(new SplittableRandom(TestBatch.SEED + i));
        checkSampleWeights(device, bags, type);
      }
    }
  }

  @EveryBackend
  void badIdsGetNoSampleWeightGradientAndAreReported(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(2, new float[] {1, 2, 3, 4});
      Bags bags =
          new Bags(memory.ids(new int[] {1, -1, 2, 0}), memory.ids(new int[] {0, 3}), 4, 1, -1);
      Matrix gradWeights = memory.matrix(1, new float[] {-9, -9, -9, -9});
      device
          .shared()
          .execute(
              new PerSampleWeightsGradient(
                  weight, bags, memory.matrix(2, new float[] {10, 100}), gradWeights.buffer()));
      assertThatThrownBy(device.shared()::synchronize)
          .hasMessage("indices[1] = -1 is out of range [0, 2)");
      assertThat(memory.read(gradWeights)).containsExactly(430, 0, 0, 0);
    }
  }

  private static boolean exact(TestBackend device, UpdateCase update) {
    return !update.divides() || device.shared().device().correctlyRoundedDivision();
  }

  static void checkSampleWeights(TestBackend device, BagCase bags) {
    checkSampleWeights(device, bags, DType.FLOAT32);
  }

  /** Checks the gradient with what a type keeps of the table. */
  static void checkSampleWeights(TestBackend device, BagCase given, DType type) {
    BagCase bags = given.storedAs(type);
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradWeights = memory.matrix(1, new float[bags.ids.length]);
      device
          .shared()
          .execute(
              new PerSampleWeightsGradient(
                  memory.matrix(type, bags.dim, bags.weight),
                  ids(memory, bags),
                  memory.matrix(bags.dim, bags.gradOutput),
                  gradWeights.buffer()));
      assertSameBits(memory.read(gradWeights), bags.sampleWeightsGradient(), 1, bags);
      device.shared().synchronize();
    }
  }

  static void checkEveryKind(TestBackend device, SplittableRandom random, BagCase bags) {
    for (Kind kind : KINDS) {
      checkUpdate(device, random, bags, kind, UpdateCase.ACCUMULATE);
    }
  }

  private static void checkUpdate(
      TestBackend device, SplittableRandom random, BagCase bags, Kind kind, UpdateCase update) {
    String what = update + ", " + kind + ": " + bags;
    int dim = bags.dim;
    Tables tables = Tables.of(random, update, dim, bags.weight);
    IndexGroups groups = bags.groups(kind.mode, kind.weighted, kind.byFrequency);
    Map<Integer, float[]> gradients = bags.gradients(kind.mode, kind.weighted, kind.byFrequency);
    try (TestMemory memory = new TestMemory(device.shared())) {
      OnDevice target = update.on(memory, tables);
      Matrix gradOutput = memory.matrix(dim, bags.gradOutput);
      DeviceBuffer winners = kind.mode == BagMode.MAX ? memory.ids(bags.winners()) : null;
      DeviceBuffer rows = memory.ids(new int[gradients.size()]);
      Matrix values = memory.matrix(dim, new float[gradients.size() * dim]);
      device.shared().execute(new EmbeddingUpdate(gradOutput, groups, target.update(), winners));
      device.shared().execute(new CoalescedGradient(gradOutput, groups, rows, values, winners));

      gradients.forEach((row, gradient) -> update.apply(tables, row, gradient));
      assertSameBits(memory.read(target.table()), tables.table, dim, what);
      assertSameBits(memory.read(target.first()), tables.first, dim, "state 1, " + what);
      assertSameBits(memory.read(target.second()), tables.second, dim, "state 2, " + what);
      assertThat(memory.readBits(rows))
          .isEqualTo(gradients.keySet().stream().mapToInt(Integer::intValue).toArray());
      float[] actual = memory.read(values);
      int at = 0;
      for (float[] gradient : gradients.values()) {
        for (float expected : gradient) {
          if (Float.floatToIntBits(actual[at]) != Float.floatToIntBits(expected)) {
            assertThat(actual[at]).as("element %d, coalesced, %s", at, what).isEqualTo(expected);
          }
          at++;
        }
      }
      device.shared().synchronize();
    }
  }

  private static Bags ids(TestMemory memory, BagCase bags) {
    return new Bags(
        memory.ids(bags.ids),
        memory.ids(bags.offsets),
        bags.ids.length,
        bags.bags(),
        bags.paddingIdx);
  }
}
