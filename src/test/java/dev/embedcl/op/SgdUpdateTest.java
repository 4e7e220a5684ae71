package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.UNITS_OF_ANY_SUM;
import static dev.embedcl.op.OperationReference.assertNear;
import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** Fused steps of a plain {@link SgdUpdate} on every backend, against the reference. */
final class SgdUpdateTest {
  private static final float RATE = 0.037f;

  @EveryBackend
  void everyDimensionGivesTheReferenceBits(TestBackend device) {
    for (int dim : EmbeddingForwardTest.DIMENSIONS) {
      check(device, TestBatch.uniform(TestBatch.SEED + dim, 3, 7, 2, 5, dim), true, RATE);
    }
  }

  @EveryBackend
  void everyBatchSizeAndLengthGivesTheReferenceBits(TestBackend device) {
    for (int[] batch : EmbeddingForwardTest.BATCHES) {
      TestBatch some = TestBatch.uniform(TestBatch.SEED, batch[0], batch[1], 4, 5, 12);
      check(device, some, true, RATE);
      check(device, some, false, RATE);
    }
  }

  @EveryBackend
  void hotRowsAreSummedInBlocks(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int hits : EmbeddingUpdateTest.HITS) {
      int count = hits + 30;
      int[] ids = TestBatch.hotRow(random, count, 40, 7, hits);
      check(device, TestBatch.of(random, count, 1, 0, 40, 19, ids), true, RATE);
    }
    int[] ids = TestBatch.hotRow(random, 10_240, 300, 0, 10_000);
    check(device, TestBatch.of(random, 10, 1024, 0, 300, 37, ids), true, RATE);
  }

  @EveryBackend
  void everyLearningRateIsMultipliedThenSubtracted(TestBackend device) {
    for (float rate : new float[] {0f, -0f, 1f, -0.5f, 1e-8f, 3e38f}) {
      check(device, TestBatch.uniform(TestBatch.SEED, 2, 9, 0, 4, 21), true, rate);
    }
  }

  @EveryBackend
  void rowsThatNoIdNamesKeepEveryBit(TestBackend device) {
    int dim = 33;
    int[] before = new int[50 * dim];
    Arrays.setAll(before, i -> 0x7f800001 + i); // signalling NaNs, which any addition would quiet
    Arrays.fill(before, 49 * dim, 50 * dim, 0);
    try (TestMemory memory = new TestMemory(device.shared())) {
      float[] ones = new float[3 * dim];
      Arrays.fill(ones, 1);
      Matrix weight = memory.matrixOfBits(dim, before);
      TestPasses.sgd(
          device.shared(),
          memory.matrix(dim, ones),
          IndexGroups.of(new int[] {49, 49, 49}, 50),
          weight,
          null,
          3,
          1,
          2f);
      int[] expected = before.clone();
      Arrays.fill(expected, 49 * dim, 50 * dim, Float.floatToRawIntBits(-6));
      assertThat(memory.readBits(weight.buffer())).isEqualTo(expected);
    }
  }

  @EveryBackend
  void sameBitsAsBackwardIntoZerosAndDenseStep(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int[] ids = TestBatch.hotRow(random, 400, 30, 2, 200);
    TestBatch batch = TestBatch.of(random, 4, 100, 0, 30, 45, ids);
    IndexGroups groups = IndexGroups.of(ids, 30);
    Backend backend = device.shared();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix gradOutput = memory.matrix(45, batch.gradOutput());
      Matrix fused = memory.matrix(45, batch.weight());
      Matrix dense = memory.matrix(45, batch.weight());
      Matrix gradWeight = memory.matrix(45, new float[batch.weight().length]);
      TestPasses.sgd(backend, gradOutput, groups, fused, null, 4, 100, RATE);
      TestPasses.backward(backend, gradOutput, groups, gradWeight, null, 4, 100);
      backend.execute(new DenseUpdate(gradWeight, SgdUpdate.plain(dense, RATE)));
      assertThat(memory.readBits(fused.buffer())).isEqualTo(memory.readBits(dense.buffer()));
    }
  }

  private static void check(
      TestBackend device, TestBatch batch, boolean withPositions, float learningRate) {
    Backend backend = device.shared();
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix gradOutput = memory.matrix(dim, batch.gradOutput());
      Matrix weight = memory.matrix(dim, batch.weight());
      Matrix table = memory.matrix(dim, batch.positions());
      TestPasses.sgd(
          backend,
          gradOutput,
          IndexGroups.of(batch.ids(), batch.numEmbeddings()),
          weight,
          withPositions ? new Positions(table, batch.start()) : null,
          batch.batchSize(),
          batch.seqLen(),
          learningRate);
      Map<Integer, List<Integer>> byId = OperationReference.byId(batch);
      Map<Integer, List<Integer>> byPosition =
          withPositions ? OperationReference.byPosition(batch) : Map.of();
      assertSameBits(
          memory.read(weight),
          OperationReference.stepped(
              batch.weight(), OperationReference.sums(batch, byId), learningRate),
          dim,
          batch);
      assertSameBits(
          memory.read(table),
          OperationReference.stepped(
              batch.positions(), OperationReference.sums(batch, byPosition), learningRate),
          dim,
          "the positional table of " + batch);
      if (Math.abs(learningRate) <= 1) {
        assertNear(
            memory.read(weight),
            batch.weight(),
            batch,
            byId,
            -(double) learningRate,
            UNITS_OF_ANY_SUM);
        assertNear(
            memory.read(table),
            batch.positions(),
            batch,
            byPosition,
            -(double) learningRate,
            UNITS_OF_ANY_SUM);
      }
      assertThat(memory.readBits(gradOutput.buffer()))
          .isEqualTo(TestMemory.bits(batch.gradOutput()));
      backend.synchronize();
    }
  }
}
