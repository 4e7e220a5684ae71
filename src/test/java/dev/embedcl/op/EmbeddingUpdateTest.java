package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * {@link EmbeddingUpdate} and {@link PositionUpdate} with {@link AccumulateUpdate}, the backward
 * pass, on every backend, against {@link OperationReference}.
 */
final class EmbeddingUpdateTest {
  /** Around one, two and many blocks of {@link IndexGroups#BLOCK}. */
  static final int[] HITS = {1, 2, 3, 4, 5, 63, 64, 65, 127, 128, 129, 193, 1000};

  @EveryBackend
  void everyDimensionGivesTheReferenceBits(TestBackend device) {
    for (int dim : EmbeddingForwardTest.DIMENSIONS) {
      checkDeterministic(device, TestBatch.uniform(TestBatch.SEED + dim, 3, 7, 2, 5, dim), true);
    }
  }

  @EveryBackend
  void everyBatchSizeAndLengthGivesTheReferenceBits(TestBackend device) {
    for (int[] batch : EmbeddingForwardTest.BATCHES) {
      for (int start : new int[] {0, 6}) {
        checkDeterministic(
            device, TestBatch.uniform(TestBatch.SEED, batch[0], batch[1], start, 5, 12), true);
      }
      checkDeterministic(
          device, TestBatch.uniform(TestBatch.SEED, batch[0], batch[1], 0, 5, 12), false);
    }
  }

  @EveryBackend
  void hotRowsAreSummedInBlocks(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int hits : HITS) {
      int count = hits + 30;
      int[] ids = TestBatch.hotRow(random, count, 40, 7, hits);
      checkDeterministic(device, TestBatch.of(random, 1, count, 0, 40, 19, ids), false);
    }
  }

  @EveryBackend
  void veryHotRowIsSummedInBlocks(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] ids = TestBatch.hotRow(random, 10_240, 300, 299, 10_000);
    checkDeterministic(device, TestBatch.of(random, 10, 1024, 0, 300, 37, ids), true);
  }

  @EveryBackend
  void positionalGradientIsSummedInBlocksOverTheBatch(TestBackend device) {
    for (int batchSize : HITS) {
      checkDeterministic(device, TestBatch.uniform(TestBatch.SEED, batchSize, 3, 1, 50, 9), true);
    }
  }

  @EveryBackend
  void zipfIdsGiveTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] ids = TestBatch.zipf(random, 8 * 256, 5000);
    checkDeterministic(device, TestBatch.of(random, 8, 256, 0, 5000, 64, ids), true);
  }

  @EveryBackend
  void specialNumbersAddAsIeee754Says(TestBackend device) {
    assumeFalse(
        device.shared().device().flushesSubnormals(), "this device flushes subnormal numbers");
    float[] special = {
      0f,
      -0f,
      -0f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MIN_NORMAL,
      Float.MAX_VALUE,
      -Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      1f
    };
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int count : new int[] {1, 2, 3, 66}) {
      int dim = 100;
      float[] gradOutput = new float[count * dim];
      for (int i = 0; i < gradOutput.length; i++) {
        gradOutput[i] = special[random.nextInt(i % dim < 50 ? 5 : special.length)];
      }
      TestBatch batch = TestBatch.of(random, count, 1, 0, 1, dim, new int[count]);
      checkDeterministic(device, batch.withGradOutput(gradOutput), true);
    }
  }

  @EveryBackend
  void rowsThatNoIdNamesKeepEveryBit(TestBackend device) {
    int dim = 33;
    int[] before = new int[50 * dim];
    Arrays.setAll(before, i -> 0x7f800001 + i); // signalling NaNs, which any addition would quiet
    Arrays.fill(before, 8 * dim, 9 * dim, 0);
    try (TestMemory memory = new TestMemory(device.shared())) {
      float[] ones = new float[3 * dim];
      Arrays.fill(ones, 1);
      Matrix gradWeight = memory.matrixOfBits(dim, before);
      int[] ids = {8, 8, 8};
      TestPasses.backward(
          device.shared(),
          memory.matrix(dim, ones),
          IndexGroups.of(ids, 50),
          gradWeight,
          null,
          1,
          3);
      int[] expected = before.clone();
      Arrays.fill(expected, 8 * dim, 9 * dim, Float.floatToRawIntBits(3));
      assertThat(memory.readBits(gradWeight.buffer())).isEqualTo(expected);
    }
  }

  @EveryBackend
  void groupsMayBeRebuiltAfterExecute(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradOutput = memory.matrix(1, new float[] {1, 10, 100});
      Matrix gradWeight = memory.matrix(1, new float[4]);
      IndexGroups groups = IndexGroups.of(new int[] {1, 1, 3}, 4);
      TestPasses.backward(device.shared(), gradOutput, groups, gradWeight, null, 1, 3);
      groups.rebuild(new int[] {0, 0, 0}, 3, 4);
      assertThat(memory.read(gradWeight)).containsExactly(0, 11, 0, 100);
    }
  }

  @EveryBackend
  void groupsMayComeFromASmallerTable(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradWeight = memory.matrix(1, new float[6]);
      TestPasses.backward(
          device.shared(),
          memory.matrix(1, new float[] {5, 6}),
          IndexGroups.of(new int[] {2, 1}, 3),
          gradWeight,
          null,
          2,
          1);
      assertThat(memory.read(gradWeight)).containsExactly(0, 6, 5, 0, 0, 0);
    }
  }

  @EveryBackend
  void gradientsAreThoseOfFiniteDifferences(TestBackend device) {
    // The loss is Σ c · out. Small integers make the forward pass and the differences exact.
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] ids = {2, 0, 2, 3, 2, 0};
    int dim = 3;
    TestBatch batch = TestBatch.of(random, 2, 3, 1, 5, dim, ids);
    float[] c = TestBatch.integers(random, 6 * dim);
    float[] weight = TestBatch.integers(random, 5 * dim);
    float[] positions = TestBatch.integers(random, 5 * dim);
    Backend backend = device.shared();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix gradWeight = memory.matrix(dim, new float[5 * dim]);
      Matrix gradPositions = memory.matrix(dim, new float[5 * dim]);
      TestPasses.backward(
          backend,
          memory.matrix(dim, c),
          IndexGroups.of(ids, 5),
          gradWeight,
          new Positions(gradPositions, batch.start()),
          2,
          3);
      float[] byWeight = memory.read(gradWeight);
      float[] byPosition = memory.read(gradPositions);
      for (int i = 0; i < weight.length; i++) {
        double up = loss(backend, batch, moved(weight, i, 1), positions, c);
        double down = loss(backend, batch, moved(weight, i, -1), positions, c);
        assertThat((double) byWeight[i]).as("weight %d", i).isEqualTo((up - down) / 2);
        up = loss(backend, batch, weight, moved(positions, i, 1), c);
        down = loss(backend, batch, weight, moved(positions, i, -1), c);
        assertThat((double) byPosition[i]).as("position %d", i).isEqualTo((up - down) / 2);
      }
    }
  }

  private static double loss(
      Backend backend, TestBatch batch, float[] weight, float[] positions, float[] c) {
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix out = memory.matrix(dim, new float[c.length]);
      backend.execute(
          new EmbeddingForward(
              memory.matrix(dim, weight),
              memory.ids(batch.ids()),
              new Positions(memory.matrix(dim, positions), batch.start()),
              out,
              batch.batchSize(),
              batch.seqLen()));
      double loss = 0;
      float[] values = memory.read(out);
      for (int i = 0; i < c.length; i++) {
        loss += (double) c[i] * values[i];
      }
      return loss;
    }
  }

  private static float[] moved(float[] values, int at, float by) {
    float[] moved = values.clone();
    moved[at] += by;
    return moved;
  }

  static void checkDeterministic(TestBackend device, TestBatch batch, boolean withPositions) {
    Backend backend = device.shared();
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix gradOutput = memory.matrix(dim, batch.gradOutput());
      Matrix gradWeight = memory.matrix(dim, batch.weight());
      Matrix gradPositions = memory.matrix(dim, batch.positions());
      TestPasses.backward(
          backend,
          gradOutput,
          IndexGroups.of(batch.ids(), batch.numEmbeddings()),
          gradWeight,
          withPositions ? new Positions(gradPositions, batch.start()) : null,
          batch.batchSize(),
          batch.seqLen());
      Map<Integer, List<Integer>> byId = OperationReference.byId(batch);
      float[] expected =
          OperationReference.added(batch.weight(), OperationReference.sums(batch, byId));
      assertSameBits(memory.read(gradWeight), expected, dim, batch);
      checkPositions(memory.read(gradPositions), batch, withPositions);
      assertThat(memory.readBits(gradOutput.buffer()))
          .isEqualTo(TestMemory.bits(batch.gradOutput()));
      backend.synchronize();
    }
  }

  static void checkPositions(float[] actual, TestBatch batch, boolean withPositions) {
    float[] expected =
        withPositions
            ? OperationReference.added(
                batch.positions(),
                OperationReference.sums(batch, OperationReference.byPosition(batch)))
            : batch.positions();
    assertSameBits(actual, expected, batch.embeddingDim(), "the positional gradient of " + batch);
  }
}
