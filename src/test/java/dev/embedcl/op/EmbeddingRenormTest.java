package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.StoredNumbers;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DType;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Limits of norms, on every backend bit for bit against plain loops, and those against float64. */
final class EmbeddingRenormTest {
  static final double[] NORM_TYPES = {2, 1, Double.POSITIVE_INFINITY, 3, 0.5, 2.5};
  private static final int[] DIMENSIONS = {1, 3, 4, 8, 15, 16, 17, 37, 64, 260, 1031};
  private static final List<DType> HALVES = List.of(DType.FLOAT16, DType.BFLOAT16);
  private static final int CASES = 200;

  @EveryBackend
  void everyNormGivesTheReferenceBitsInEveryDimension(TestBackend device) {
    for (int dim : DIMENSIONS) {
      for (double normType : NORM_TYPES) {
        check(device, TestBatch.uniform(TestBatch.SEED + dim, 3, 7, 0, 30, dim), normType, 4);
      }
    }
  }

  @EveryBackend
  void randomCasesGiveTheReferenceBits(TestBackend device) {
    for (int i = 0; i < CASES; i++) {
      SplittableRandom random = new SplittableRandom(TestBatch.SEED + i);
      int rows = 1 + random.nextInt(500);
      TestBatch batch =
          TestBatch.uniform(
              random.nextLong(),
              random.nextInt(40),
              1 + random.nextInt(20),
              0,
              rows,
              1 + random.nextInt(200));
      int kind = random.nextInt(NORM_TYPES.length + 3);
      double normType = kind < 3 ? 2 : NORM_TYPES[kind - 3];
      int padding = random.nextBoolean() ? -1 : random.nextInt(rows);
      check(device, batch, normType, padding);
    }
  }

  @EveryBackend
  void tablesOf16BitsGiveTheReferenceBits(TestBackend device) {
    for (DType type : HALVES) {
      for (int dim : new int[] {1, 3, 16, 37, 1031}) {
        for (double normType : NORM_TYPES) {
          TestBatch batch = TestBatch.uniform(TestBatch.SEED + dim, 3, 7, 0, 30, dim);
          check(device, batch, type, normType, 4);
        }
      }
    }
  }

  @EveryBackend
  void randomCasesOf16BitsGiveTheReferenceBits(TestBackend device) {
    for (int i = 0; i < CASES / 4; i++) {
      SplittableRandom random = new SplittableRandom(TestBatch.SEED + i);
      int rows = 1 + random.nextInt(500);
      TestBatch batch =
          TestBatch.uniform(
              random.nextLong(), random.nextInt(40), 1 + random.nextInt(20), 0, rows, 1 + i);
      double normType = NORM_TYPES[random.nextInt(NORM_TYPES.length)];
      check(device, batch, HALVES.get(i % 2), normType, random.nextInt(rows));
    }
  }

  /** Halfway between two numbers of the type, products go to the even one. */
  @EveryBackend
  void productsAreRoundedOnceToTheNearest(TestBackend device) {
    for (DType type : HALVES) {
      float step = type == DType.FLOAT16 ? 0x1p-10f : 0x1p-7f;
      // The largest magnitude is 4, the limit a half: the factor is an eighth, less 1e-7 / 4.
      float[] table = {4, 1, 1 + step, 1 + 3 * step, -0f, -3};
      float factor = 0.5f / (4 + 1e-7f);
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix weight = memory.matrix(type, table.length, table);
        IndexGroups groups = IndexGroups.of(new int[] {0}, 1);
        device.shared().execute(new EmbeddingRenorm(weight, groups, 0.5, Double.POSITIVE_INFINITY));
        float[] expected = new float[table.length];
        for (int d = 0; d < expected.length; d++) {
          expected[d] = stored(type, table[d] * factor);
        }
        assertSameBits(memory.read(weight), expected, table.length, type);
      }
    }
  }

  /** More rows than are worked on at a time. */
  @EveryBackend
  void manyRowsAreCutIntoParts(TestBackend device) {
    int rows = (1 << 16) + 77;
    int[] ids = new int[rows];
    Arrays.setAll(ids, i -> rows - 1 - i);
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    check(device, TestBatch.of(random, 1, rows, 0, rows, 3, ids), 2, 5);
    check(device, TestBatch.of(random, 1, rows, 0, rows, 17, ids), 3, -1);
  }

  @EveryBackend
  void unusualRowsAreTreatedAsPyTorchTreatsThem(TestBackend device) {
    float inf = Float.POSITIVE_INFINITY;
    float[] table = {Float.NaN, 9, inf, 1, 3e38f, 3e38f, 0, 0, 3, 4, 0.3f, 0.4f};
    int[] ids = {0, 1, 2, 3, 4, 5};
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(2, table);
      IndexGroups groups = IndexGroups.of(ids, 6);
      device.shared().execute(new EmbeddingRenorm(weight, groups, 1, 2));
      float scaled = 1 / (5 + 1e-7f);
      // Not a number stays; inf * 0 is not a number; a norm beyond float32 makes zeros.
      assertThat(memory.read(weight))
          .containsExactly(
              Float.NaN, 9, Float.NaN, 0, 0, 0, 0, 0, 3 * scaled, 4 * scaled, 0.3f, 0.4f);
      Matrix again = memory.matrix(2, table);
      device.shared().execute(new EmbeddingRenorm(again, groups, 0, inf));
      assertThat(memory.read(again))
          .containsExactly(Float.NaN, 9, Float.NaN, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  @EveryBackend
  void wrongArgumentsAreNamed(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(2, new float[8]);
      IndexGroups groups = IndexGroups.of(new int[] {1}, 4);
      for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY, 1e300}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new EmbeddingRenorm(weight, groups, bad, 2))
            .withMessageContaining("maxNorm = " + bad);
      }
      for (double bad : new double[] {0, -2, Double.NaN}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> new EmbeddingRenorm(weight, groups, 1, bad))
            .withMessageContaining("normType = " + bad);
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new EmbeddingRenorm(weight, IndexGroups.of(new int[] {1}, 5), 1, 2))
          .withMessageContaining("built for 5 embeddings");
    }
  }

  @EveryBackend
  void idsOutOfRangeBecomeTheGivenOne(TestBackend device) {
    int[] ids = {0, -1, 4, 5, Integer.MIN_VALUE, Integer.MAX_VALUE, 3};
    try (TestMemory memory = new TestMemory(device.shared())) {
      var indices = memory.ids(ids);
      var out = memory.ids(new int[7]);
      device.shared().execute(new IndexClamp(indices, out, 7, 5, 2));
      assertThat(memory.readBits(out)).containsExactly(0, 2, 4, 2, 2, 2, 3);
      assertThat(memory.readBits(indices)).isEqualTo(ids);
      device.shared().execute(new IndexClamp(out, out, 6, 4, 0));
      assertThat(memory.readBits(out)).containsExactly(0, 2, 0, 2, 2, 2, 3);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> new IndexClamp(indices, out, 7, 5, 5))
          .withMessage("replacement = 5 is out of range [0, 5)");
    }
  }

  /** Shortens to the middle of the norms, so that some rows change and some do not. */
  static void check(TestBackend device, TestBatch batch, double normType, int padding) {
    check(device, batch, DType.FLOAT32, normType, padding);
  }

  static void check(TestBackend device, TestBatch batch, DType type, double normType, int padding) {
    int dim = batch.embeddingDim();
    float[] expected = batch.weight().clone();
    for (int i = 0; i < expected.length; i++) {
      expected[i] = stored(type, expected[i]);
    }
    double[] norms = new double[batch.numEmbeddings()];
    Arrays.setAll(norms, row -> exactNorm(expected, row, dim, normType));
    double maxNorm = Arrays.stream(norms).sorted().toArray()[norms.length / 2];
    Arrays.stream(batch.ids())
        .distinct()
        .forEach(row -> renorm(type, expected, row, dim, maxNorm, normType));
    for (int row : batch.ids()) {
      // Independent of any order: no longer than the limit, by a rounding for each addition, and
      // by those of the results. Small numbers of float16 have no such bound.
      double rounding = type == DType.BFLOAT16 ? 0x1p-8 : type == DType.FLOAT16 ? 1 : 0;
      assertThat(exactNorm(expected, row, dim, normType))
          .isLessThanOrEqualTo(maxNorm * (1 + (dim + 8) * 0x1p-23) * (1 + rounding));
    }
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix weight = memory.matrix(type, dim, batch.weight());
      IndexGroups groups =
          new IndexGroups().rebuild(batch.ids(), batch.count(), batch.numEmbeddings(), padding);
      device.shared().execute(new EmbeddingRenorm(weight, groups, maxNorm, normType));
      assertSameBits(memory.read(weight), expected, dim, type + ", " + batch);
    }
  }

  private static void renorm(
      DType type, float[] table, int row, int dim, double maxNorm, double normType) {
    float factor;
    if (normType == 1 || normType == 2 || normType == Double.POSITIVE_INFINITY) {
      float[] lanes = new float[16];
      for (int d = 0; d < dim; d++) {
        float x = Math.abs(table[row * dim + d]);
        int lane = d % 16;
        lanes[lane] =
            normType == 1
                ? lanes[lane] + x
                : normType == 2 ? lanes[lane] + x * x : Math.max(lanes[lane], x);
      }
      for (int half = 8; half > 0; half /= 2) {
        for (int l = 0; l < half; l++) {
          float other = lanes[l + half];
          lanes[l] = normType > 2 ? Math.max(lanes[l], other) : lanes[l] + other;
        }
      }
      float norm = normType == 2 ? (float) Math.sqrt(lanes[0]) : lanes[0];
      factor = norm > (float) maxNorm ? (float) maxNorm / (norm + 1e-7f) : 1;
    } else {
      double norm = exactNorm(table, row, dim, normType);
      factor = norm > maxNorm ? (float) (maxNorm / (norm + 1e-7)) : 1;
    }
    for (int d = 0; d < dim; d++) {
      table[row * dim + d] = stored(type, table[row * dim + d] * factor);
    }
  }

  private static float stored(DType type, float value) {
    return StoredNumbers.widen(type, StoredNumbers.narrow(type, value));
  }

  private static double exactNorm(float[] table, int row, int dim, double normType) {
    double norm = 0;
    for (int d = 0; d < dim; d++) {
      double x = Math.abs((double) table[row * dim + d]);
      norm = Double.isInfinite(normType) ? Math.max(norm, x) : norm + StrictMath.pow(x, normType);
    }
    double result = Double.isInfinite(normType) ? norm : StrictMath.pow(norm, 1 / normType);
    return result;
  }
}
