package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.UNITS_OF_ANY_SUM;
import static dev.embedcl.op.OperationReference.assertNear;
import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryFreshBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;

/**
 * Each operation in a few sizes, small enough for a checker that interprets every work-item. Run by
 * {@code ci} under Oclgrind, which looks for wrong addresses, races and uninitialised values; the
 * marker line shows in its log that the cases were run at all.
 */
@Tag("oclgrind")
final class OclgrindCasesTest {
  private static final int[] DIMENSIONS = {1, 3, 4, 5, 8, 33};

  @EveryFreshBackend
  void embeddingForward(TestBackend device) {
    mark(device, "EmbeddingForward");
    for (int dim : DIMENSIONS) {
      TestBatch batch = TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim);
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix weight = memory.matrix(dim, batch.weight());
        Matrix out = memory.matrix(dim, new float[9 * dim]);
        Positions positions = new Positions(memory.matrix(dim, batch.positions()), 1);
        Backend backend = device.shared();
        var ids = memory.ids(batch.ids());
        backend.execute(new EmbeddingForward(weight, ids, positions, out, 3, 3));
        assertSameBits(memory.read(out), OperationReference.forward(batch, true), dim, batch);
        backend.execute(new EmbeddingForward(weight, ids, null, out, 3, 3));
        assertSameBits(memory.read(out), OperationReference.forward(batch, false), dim, batch);
      }
    }
  }

  @EveryFreshBackend
  void embeddingForwardWithBadIds(TestBackend device) {
    mark(device, "EmbeddingForward with bad ids");
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(5, new float[4 * 5]);
      Matrix out = memory.matrix(5, new float[3 * 5]);
      device
          .shared()
          .execute(new EmbeddingForward(weight, memory.ids(new int[] {1, -1, 4}), null, out, 1, 3));
      assertThatThrownBy(device.shared()::synchronize)
          .hasMessage("indices[1] = -1 is out of range [0, 4)");
    }
  }

  @EveryFreshBackend
  void embeddingBackward(TestBackend device) {
    mark(device, "EmbeddingUpdate and PositionUpdate, AccumulateUpdate");
    for (int dim : DIMENSIONS) {
      EmbeddingUpdateTest.checkDeterministic(
          device, TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim), true);
    }
    for (int hits : new int[] {65, 130}) {
      EmbeddingUpdateTest.checkDeterministic(device, hot(hits), true);
    }
  }

  @EveryFreshBackend
  void embeddingBackwardWithAtomics(TestBackend device) {
    mark(device, "EmbeddingBackwardAtomic");
    for (int dim : DIMENSIONS) {
      checkAtomic(device, TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim));
    }
    checkAtomic(device, hot(66));
  }

  @EveryFreshBackend
  void sgdStep(TestBackend device) {
    mark(device, "EmbeddingUpdate and PositionUpdate, SgdUpdate");
    for (int dim : DIMENSIONS) {
      checkStep(device, TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim));
    }
    checkStep(device, hot(65));
    checkStep(device, hot(130));
  }

  @EveryFreshBackend
  void denseUpdate(TestBackend device) {
    mark(device, "DenseUpdate");
    for (int dim : DIMENSIONS) {
      try (TestMemory memory = new TestMemory(device.shared())) {
        float[] ones = new float[3 * dim];
        Arrays.fill(ones, 1);
        Matrix weight = memory.matrix(dim, ones);
        device
            .shared()
            .execute(new DenseUpdate(memory.matrix(dim, ones), SgdUpdate.plain(weight, 3f)));
        float[] expected = new float[3 * dim];
        Arrays.fill(expected, -2);
        assertSameBits(memory.read(weight), expected, dim, "a step of 3");
      }
    }
  }

  @EveryFreshBackend
  void everyUpdate(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (UpdateCase update : UpdateCase.values()) {
      mark(device, update.toString());
      for (int dim : new int[] {3, 20}) {
        TestBatch batch = TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim);
        RowUpdateTest.check(device, random, batch, update);
      }
      RowUpdateTest.check(device, random, hot(65), update);
    }
  }

  @EveryFreshBackend
  void embeddingRenorm(TestBackend device) {
    mark(device, "EmbeddingRenorm");
    for (int dim : DIMENSIONS) {
      for (double normType : EmbeddingRenormTest.NORM_TYPES) {
        EmbeddingRenormTest.check(
            device, TestBatch.uniform(TestBatch.SEED, 3, 3, 1, 4, dim), normType, 2);
      }
    }
  }

  @EveryFreshBackend
  void rowNormsAndMatrixScale(TestBackend device) {
    mark(device, "RowNorms, MatrixScale");
    for (int dim : DIMENSIONS) {
      for (double normType : new double[] {1, 2, Double.POSITIVE_INFINITY}) {
        checkNormsAndScale(device, dim, normType);
      }
    }
  }

  @EveryFreshBackend
  void indexClamp(TestBackend device) {
    mark(device, "IndexClamp");
    try (TestMemory memory = new TestMemory(device.shared())) {
      var ids = memory.ids(new int[] {0, -1, 5});
      device.shared().execute(new IndexClamp(ids, ids, 3, 5, 2));
      assertThat(memory.readBits(ids)).containsExactly(0, 2, 2);
    }
  }

  @EveryFreshBackend
  void bags(TestBackend device) {
    mark(device, "EmbeddingBagForward, its updates and PerSampleWeightsGradient");
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : new int[] {1, 5, 8, 33}) {
      BagCase bags = BagCase.of(random, 4, dim, new int[] {3, 0, 6, 1}, 1, 2);
      EmbeddingBagForwardTest.check(device, bags);
      EmbeddingBagBackwardTest.checkEveryKind(device, random, bags);
      EmbeddingBagBackwardTest.checkSampleWeights(device, bags);
    }
    EmbeddingBagForwardTest.check(
        device, BagCase.of(random, 4, 3, new int[] {70, 130}, 0, IndexGroups.NO_PADDING));
    // Wide enough for strips of vectors, with columns beyond them.
    EmbeddingBagForwardTest.check(device, BagCase.of(random, 4, 85, new int[] {3, 0, 66}, 1, 2));
  }

  private static TestBatch hot(int hits) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int count = hits + 6;
    return TestBatch.of(random, count, 1, 0, 5, 3, TestBatch.hotRow(random, count, 5, 2, hits));
  }

  static void checkNormsAndScale(TestBackend device, int dim, double normType) {
    float[] twos = new float[3 * dim];
    Arrays.fill(twos, -2);
    float[] expected = new float[3];
    Arrays.fill(expected, normType == 1 ? 2 * dim : normType == 2 ? 4 * dim : 2);
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix matrix = memory.matrix(dim, twos);
      Matrix norms = memory.matrix(1, new float[3]);
      device.shared().execute(new RowNorms(matrix, norms, normType));
      assertSameBits(memory.read(norms), expected, 1, "norms");
      device.shared().execute(new MatrixScale(matrix, -0.5f));
      Arrays.fill(twos, 1);
      assertSameBits(memory.read(matrix), twos, dim, "halves");
    }
  }

  static void checkAtomic(TestBackend device, TestBatch batch) {
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradWeight = memory.matrix(dim, batch.weight());
      device
          .shared()
          .execute(
              new EmbeddingBackwardAtomic(
                  memory.matrix(dim, batch.gradOutput()),
                  memory.ids(batch.ids()),
                  gradWeight,
                  IndexGroups.NO_PADDING,
                  new Positions(memory.matrix(dim, batch.positions()), batch.start()),
                  batch.batchSize(),
                  batch.seqLen()));
      assertNear(
          memory.read(gradWeight),
          batch.weight(),
          batch,
          OperationReference.byId(batch),
          1,
          UNITS_OF_ANY_SUM);
      device.shared().synchronize();
    }
  }

  private static void checkStep(TestBackend device, TestBatch batch) {
    int dim = batch.embeddingDim();
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(dim, batch.weight());
      Matrix table = memory.matrix(dim, batch.positions());
      TestPasses.sgd(
          device.shared(),
          memory.matrix(dim, batch.gradOutput()),
          IndexGroups.of(batch.ids(), batch.numEmbeddings()),
          weight,
          new Positions(table, batch.start()),
          batch.batchSize(),
          batch.seqLen(),
          0.5f);
      assertSameBits(
          memory.read(weight),
          OperationReference.stepped(
              batch.weight(), OperationReference.sums(batch, OperationReference.byId(batch)), 0.5f),
          dim,
          batch);
      assertSameBits(
          memory.read(table),
          OperationReference.stepped(
              batch.positions(),
              OperationReference.sums(batch, OperationReference.byPosition(batch)),
              0.5f),
          dim,
          batch);
    }
  }

  static void mark(TestBackend device, String operation) {
    System.out.println("oclgrind case: " + operation + " on " + device);
  }
}
