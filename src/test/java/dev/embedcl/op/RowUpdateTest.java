package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.UpdateCase.OnDevice;
import dev.embedcl.op.UpdateCase.Tables;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Every {@link RowUpdate} in every operation that takes one, with padding and scales, on every
 * backend: bit for bit against {@link UpdateCase}.
 */
final class RowUpdateTest {
  private static final int CASES = 400;

  private static final List<UpdateCase> UPDATES = List.of(UpdateCase.values());

  /** Of tables of 16 bits: around the vectors of both kinds of device. */
  private static final int[] DIMENSIONS = {1, 3, 8, 16, 37, 260};

  /** Sums of gradients are float32; everything else goes to tables of 16 bits too. */
  private static final List<UpdateCase> OPTIMIZERS =
      List.copyOf(EnumSet.complementOf(EnumSet.of(UpdateCase.ACCUMULATE)));

  private static final List<StorageCase> HALVES =
      List.copyOf(EnumSet.complementOf(EnumSet.of(StorageCase.FLOAT32)));

  @EveryBackend
  void everyUpdateGivesTheReferenceBitsInItsDimensions(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (UpdateCase update : UPDATES) {
      for (int dim : wholeVectors(update) ? new int[] {16, 272} : new int[] {1, 3, 37, 261}) {
        check(device, random, TestBatch.uniform(TestBatch.SEED + dim, 3, 7, 2, 5, dim), update);
      }
    }
  }

  @EveryBackend
  void everyUpdateTakesLongRows(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (UpdateCase update : UPDATES) {
      int[] ids = TestBatch.hotRow(random, 400, 60, 7, 300);
      int dim = wholeVectors(update) ? 48 : 37;
      check(device, random, TestBatch.of(random, 200, 2, 1, 60, dim, ids), update);
    }
  }

  @EveryBackend
  void emptyBatchesChangeNothing(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (UpdateCase update : UPDATES) {
      int dim = wholeVectors(update) ? 16 : 7;
      check(device, random, TestBatch.uniform(TestBatch.SEED, 0, 4, 0, 5, dim), update);
      check(device, random, TestBatch.uniform(TestBatch.SEED, 4, 0, 0, 5, dim), update);
      TestBatch padded = TestBatch.of(random, 2, 3, 0, 5, dim, new int[6]);
      check(device, random, padded, update, 0, scaled(update));
    }
  }

  /** More rows than are updated at a time where rows take several launches. */
  @EveryBackend
  void rowwiseUpdateTakesTablesOfManyRows(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] ids = random.ints(70_000, 0, 140_000).toArray();
    TestBatch batch = TestBatch.of(random, 70_000, 1, 0, 140_000, 3, ids);
    check(device, random, batch, UpdateCase.ROWWISE_ADAGRAD);
  }

  @EveryBackend
  void randomCasesGiveTheReferenceBits(TestBackend device) {
    for (int i = 0; i < CASES; i++) {
      SplittableRandom random = new SplittableRandom(TestBatch.SEED + i);
      int numEmbeddings = 1 + random.nextInt(random.nextBoolean() ? 20 : 300);
      int batchSize = random.nextInt(random.nextInt(8) == 0 ? 150 : 6);
      int seqLen = random.nextInt(batchSize > 10 ? 5 : 40);
      UpdateCase update = UPDATES.get(i % UPDATES.size());
      int whole = random.nextInt(50) == 0 ? 768 : 16 * (1 + random.nextInt(4));
      int dim = wholeVectors(update) ? whole : whole - 1 - random.nextInt(3);
      int[] ids =
          random.nextBoolean()
              ? TestBatch.zipf(random, batchSize * seqLen, numEmbeddings)
              : random.ints((long) batchSize * seqLen, 0, numEmbeddings).toArray();
      TestBatch batch =
          TestBatch.of(random, batchSize, seqLen, random.nextInt(4), numEmbeddings, dim, ids);
      long padding = random.nextInt(3) == 0 ? -1 : random.nextInt(numEmbeddings);
      check(device, random, batch, update, padding, scaled(update));
    }
  }

  /**
   * Every update and every storage of 16 bits, nearest and at random, but a quarter of the pairs:
   * to build their programs takes most of the time, and no line of code knows of both.
   */
  @EveryBackend
  void everyUpdateMovesTablesOf16Bits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (StorageCase storage : HALVES) {
      for (UpdateCase update : updatesOf(storage)) {
        int dim = dimension(storage, update);
        int[] ids = TestBatch.hotRow(random, 140, 60, 7, 70);
        TestBatch batch = TestBatch.of(random, 70, 2, 1, 60, dim, ids);
        check(device, random, batch, update, 8, dim % 2 == 1, storage);
      }
    }
  }

  /** The same for random cases. */
  @EveryBackend
  void randomCasesOf16BitsGiveTheReferenceBits(TestBackend device) {
    for (int i = 0; i < CASES / 4; i++) {
      SplittableRandom random = new SplittableRandom(TestBatch.SEED + i);
      int numEmbeddings = 1 + random.nextInt(random.nextBoolean() ? 20 : 300);
      int batchSize = random.nextInt(random.nextInt(8) == 0 ? 150 : 6);
      int seqLen = random.nextInt(batchSize > 10 ? 5 : 40);
      int[] ids = TestBatch.zipf(random, batchSize * seqLen, numEmbeddings);
      StorageCase storage = HALVES.get(random.nextInt(HALVES.size()));
      List<UpdateCase> updates = updatesOf(storage);
      UpdateCase update = updates.get(i % updates.size());
      int dim = dimension(storage, update);
      TestBatch batch =
          TestBatch.of(random, batchSize, seqLen, random.nextInt(4), numEmbeddings, dim, ids);
      long padding = random.nextInt(3) == 0 ? -1 : random.nextInt(numEmbeddings);
      check(device, random, batch, update, padding, dim % 2 == 1, storage);
    }
  }

  /**
   * Returns whether an update is tested with rows that vectors fill, or with others; and {@link
   * #scaled}, with contributions that have scales, or not. Each way takes programs of its own, and
   * no line of code knows both of it and of the update.
   */
  private static boolean wholeVectors(UpdateCase update) {
    return UPDATES.indexOf(update) / 2 % 2 == 0;
  }

  private static boolean scaled(UpdateCase update) {
    return UPDATES.indexOf(update) % 2 == 0;
  }

  private static List<UpdateCase> updatesOf(StorageCase storage) {
    return OPTIMIZERS.stream()
        .filter(update -> OPTIMIZERS.indexOf(update) % HALVES.size() == HALVES.indexOf(storage))
        .toList();
  }

  /** Returns one of the dimensions for each pair, for the same reason. */
  private static int dimension(StorageCase storage, UpdateCase update) {
    return DIMENSIONS[(HALVES.indexOf(storage) + OPTIMIZERS.indexOf(update)) % DIMENSIONS.length];
  }

  static void check(
      TestBackend device, SplittableRandom random, TestBatch batch, UpdateCase update) {
    check(device, random, batch, update, IndexGroups.NO_PADDING, scaled(update));
    check(device, random, batch, update, batch.numEmbeddings() / 2, scaled(update));
  }

  static void check(
      TestBackend device,
      SplittableRandom random,
      TestBatch batch,
      UpdateCase update,
      long paddingIdx,
      boolean scaled) {
    check(device, random, batch, update, paddingIdx, scaled, StorageCase.FLOAT32);
  }

  static void check(
      TestBackend device,
      SplittableRandom random,
      TestBatch batch,
      UpdateCase update,
      long paddingIdx,
      boolean scaled,
      StorageCase storage) {
    Backend backend = device.shared();
    // Elsewhere divisions may be 2.5 units off and square roots 3; there are at most four in a row.
    double units = update.divides() && !backend.device().correctlyRoundedDivision() ? 16 : 0;
    String what =
        storage + ", " + update + ", padding " + paddingIdx + ", scaled " + scaled + ": " + batch;
    int dim = batch.embeddingDim();
    IndexGroups groups =
        new IndexGroups().rebuild(batch.ids(), batch.count(), batch.numEmbeddings(), paddingIdx);
    if (scaled) {
      groups.scaledByFrequency();
    }
    Map<Integer, float[]> sums = sums(batch, paddingIdx, scaled);
    Map<Integer, float[]> positionSums =
        OperationReference.sums(batch, OperationReference.byPosition(batch));
    float[] gradWeight = TestBatch.numbers(random, batch.weight().length);

    Tables byId = Tables.of(random, update, dim, nearest(storage, batch.weight()));
    Tables byPosition = Tables.of(random, update, dim, nearest(storage, batch.positions()));
    Tables dense = Tables.of(random, update, dim, nearest(storage, batch.weight()));
    final Tables byIdBefore = byId.copy();
    final Tables byPositionBefore = byPosition.copy();
    final Tables denseBefore = dense.copy();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix gradOutput = memory.matrix(dim, batch.gradOutput());
      Matrix denseGradient = memory.matrix(dim, gradWeight);
      OnDevice idUpdate = update.on(memory, byId, storage);
      OnDevice positionUpdate = update.on(memory, byPosition, storage);
      OnDevice denseUpdate = update.on(memory, dense, storage);
      backend.execute(new EmbeddingUpdate(gradOutput, groups, idUpdate.update()));
      backend.execute(
          new PositionUpdate(
              gradOutput,
              positionUpdate.update(),
              batch.start(),
              batch.batchSize(),
              batch.seqLen()));
      backend.execute(new DenseUpdate(denseGradient, denseUpdate.update()));

      sums.forEach((row, sum) -> update.apply(byId, row, sum));
      positionSums.forEach((row, sum) -> update.apply(byPosition, row, sum));
      for (int row = 0; row < batch.numEmbeddings(); row++) {
        update.apply(dense, row, Arrays.copyOfRange(gradWeight, row * dim, (row + 1) * dim));
      }
      round(storage, byId);
      round(storage, byPosition);
      round(storage, dense);
      assertSame(memory, idUpdate, byIdBefore, byId, units, "by id, " + what);
      assertSame(
          memory, positionUpdate, byPositionBefore, byPosition, units, "by position, " + what);
      assertSame(memory, denseUpdate, denseBefore, dense, units, "dense, " + what);
      checkCoalesced(memory, backend, gradOutput, groups, sums, what);
      backend.synchronize();
    }
  }

  private static float[] nearest(StorageCase storage, float[] values) {
    float[] nearest = values.clone();
    for (int i = 0; i < nearest.length; i++) {
      nearest[i] = storage.nearest(nearest[i]);
    }
    return nearest;
  }

  /** Rounds all rows: those that were not updated are numbers of the type, and stay. */
  private static void round(StorageCase storage, Tables tables) {
    for (int i = 0; i < tables.table.length; i++) {
      tables.table[i] = storage.rounded(tables.table[i], i);
    }
  }

  private static void checkCoalesced(
      TestMemory memory,
      Backend backend,
      Matrix gradOutput,
      IndexGroups groups,
      Map<Integer, float[]> sums,
      String what) {
    int dim = gradOutput.columns();
    DeviceBuffer rows = memory.ids(new int[sums.size()]);
    float[] before = new float[sums.size() * dim];
    Arrays.fill(before, Float.NaN);
    Matrix values = memory.matrix(dim, before);
    backend.execute(new CoalescedGradient(gradOutput, groups, rows, values));
    assertThat(memory.readBits(rows))
        .as("rows of %s", what)
        .isEqualTo(sums.keySet().stream().mapToInt(Integer::intValue).toArray());
    float[] expected = new float[sums.size() * dim];
    int at = 0;
    for (float[] sum : sums.values()) {
      System.arraycopy(sum, 0, expected, at, dim);
      at += dim;
    }
    assertSameBits(memory.read(values), expected, dim, "coalesced, " + what);
  }

  /** Returns the sums of a batch by id, ascending. */
  private static Map<Integer, float[]> sums(TestBatch batch, long paddingIdx, boolean scaled) {
    Map<Integer, List<Integer>> byId = new TreeMap<>(OperationReference.byId(batch));
    byId.remove((int) paddingIdx);
    float[] scaledGradients = batch.gradOutput().clone();
    if (scaled) {
      byId.values()
          .forEach(positions -> {
            float scale = (float) (1.0 / positions.size());
            for (int n : positions) {
              for (int d = 0; d < batch.embeddingDim(); d++) {
                scaledGradients[n * batch.embeddingDim() + d] *= scale;
              }
            }
          });
    }
    return OperationReference.sums(batch.withGradOutput(scaledGradients), byId);
  }

  private static void assertSame(
      TestMemory memory,
      OnDevice actual,
      Tables before,
      Tables expected,
      double units,
      String what) {
    int dim = expected.dim;
    assertSame(memory.read(actual.table()), before.table, expected.table, dim, units, what);
    assertSame(
        memory.read(actual.first()), before.first, expected.first, dim, units, "state 1, " + what);
    assertSame(
        memory.read(actual.second()),
        before.second,
        expected.second,
        dim,
        units,
        "state 2, " + what);
  }

  private static void assertSame(
      float[] actual, float[] before, float[] expected, int dim, double units, String what) {
    if (units == 0) {
      assertSameBits(actual, expected, dim, what);
      return;
    }
    for (int i = 0; i < expected.length; i++) {
      double magnitude = Math.abs(before[i]) + Math.abs(expected[i]);
      double tolerance = units * OperationReference.U * magnitude + Float.MIN_VALUE;
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        assertThat(actual[i])
            .as("row %d, column %d of %s, ± %s", i / dim, i % dim, what, tolerance)
            .isEqualTo(expected[i]);
      }
    }
  }
}
