package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.EIGHT_UNITS;
import static dev.embedcl.op.OperationReference.assertNear;
import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** {@link EmbeddingBackwardAtomic} on every backend. */
final class EmbeddingBackwardAtomicTest {

  @EveryBackend
  void sumsOfIntegersAreExact(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : new int[] {1, 3, 4, 8, 33, 128}) {
      for (int hits : new int[] {1, 65, 2000}) {
        int[] ids = TestBatch.hotRow(random, 2100, 20, 3, hits);
        float[] integers = TestBatch.integers(random, 2100 * dim);
        TestBatch batch = TestBatch.of(random, 100, 21, 1, 20, dim, ids).withGradOutput(integers);
        check(device, batch, TestBatch.integers(random, 20 * dim), true);
      }
    }
  }

  /** The gradients are the same each time: {@link #equalNumbersMayBeFurtherOffInEveryOrder}. */
  @EveryBackend
  void sumsAreWithinEightUnitsOfTheirMagnitude(TestBackend device) {
    SplittableRandom random = new SplittableRandom(2026);
    for (int dim : new int[] {1, 5, 64, 300}) {
      int[] ids = TestBatch.zipf(random, 30 * 40, 500);
      TestBatch batch = TestBatch.of(random, 30, 40, 0, 500, dim, ids);
      check(device, batch, TestBatch.numbers(random, 500 * dim), false);
    }
    TestBatch hot =
        TestBatch.of(random, 1, 10_000, 0, 2, 3, TestBatch.hotRow(random, 10_000, 2, 1, 9_990));
    check(device, hot, new float[6], false);
  }

  /**
   * Why the tolerance is no bound: where all numbers are equal, all orders are the same one, and
   * its rounding errors add up. Sums in blocks of 64 come closer.
   */
  @EveryBackend
  void equalNumbersMayBeFurtherOffInEveryOrder(TestBackend device) {
    int count = 10_000;
    float[] gradOutput = new float[count];
    Arrays.fill(gradOutput, 0.1f);
    float oneByOne = 0;
    for (float gradient : gradOutput) {
      oneByOne += gradient;
    }
    double exact = count * (double) 0.1f;
    assertThat(Math.abs(oneByOne - exact)).isGreaterThan(1_000 * OperationReference.U * exact);
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradWeight = memory.matrix(1, new float[1]);
      device
          .shared()
          .execute(
              new EmbeddingBackwardAtomic(
                  memory.matrix(1, gradOutput),
                  memory.ids(new int[count]),
                  gradWeight,
                  IndexGroups.NO_PADDING,
                  null,
                  1,
                  count));
      float sum = memory.read(gradWeight)[0];
      if (device.shared().device().selector().startsWith("cpu")) {
        assertThat((double) sum).isCloseTo(exact, within(64 * OperationReference.U * exact));
      } else {
        assertThat(sum).isEqualTo(oneByOne);
      }
    }
  }

  @EveryBackend
  void reportsTheFirstBadIdOnceAndSkipsIt(TestBackend device) {
    int dim = 5;
    int[] ids = new int[300];
    Arrays.setAll(ids, i -> i % 3);
    ids[211] = -5;
    ids[7] = 4;
    ids[299] = Integer.MAX_VALUE;
    float[] gradOutput = TestBatch.integers(new SplittableRandom(TestBatch.SEED), 300 * dim);
    float[] expected = new float[4 * dim];
    float[] expectedPositions = new float[dim];
    for (int n = 0; n < 300; n++) {
      for (int d = 0; d < dim; d++) {
        if (ids[n] >= 0 && ids[n] < 4) {
          expected[ids[n] * dim + d] += gradOutput[n * dim + d];
        }
        // A position has its gradient whatever id stands there.
        expectedPositions[d] += gradOutput[n * dim + d];
      }
    }
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradWeight = memory.matrix(dim, new float[4 * dim]);
      Matrix gradPositions = memory.matrix(dim, new float[dim]);
      device
          .shared()
          .execute(
              new EmbeddingBackwardAtomic(
                  memory.matrix(dim, gradOutput),
                  memory.ids(ids),
                  gradWeight,
                  IndexGroups.NO_PADDING,
                  new Positions(gradPositions, 0),
                  300,
                  1));
      assertThatThrownBy(device.shared()::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[7] = 4 is out of range [0, 4)");
      assertThatCode(device.shared()::synchronize).doesNotThrowAnyException();
      assertThat(memory.read(gradWeight)).isEqualTo(expected);
      assertThat(memory.read(gradPositions)).isEqualTo(expectedPositions);
    }
  }

  private static void check(TestBackend device, TestBatch batch, float[] before, boolean exact) {
    Backend backend = device.shared();
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix gradWeight = memory.matrix(dim, before);
      Matrix gradPositions = memory.matrix(dim, batch.positions());
      backend.execute(
          new EmbeddingBackwardAtomic(
              memory.matrix(dim, batch.gradOutput()),
              memory.ids(batch.ids()),
              gradWeight,
              IndexGroups.NO_PADDING,
              new Positions(gradPositions, batch.start()),
              batch.batchSize(),
              batch.seqLen()));
      Map<Integer, List<Integer>> byId = OperationReference.byId(batch);
      if (exact) {
        float[] expected = OperationReference.added(before, OperationReference.sums(batch, byId));
        assertSameBits(memory.read(gradWeight), expected, dim, batch);
      } else {
        assertNear(memory.read(gradWeight), before, batch, byId, 1, EIGHT_UNITS);
      }
      EmbeddingUpdateTest.checkPositions(memory.read(gradPositions), batch, true);
      backend.synchronize();
    }
  }
}
