package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.StoredNumbers;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DType;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Tables and outputs of 16 bits in the forward pass, and the rounding of updates. */
final class StorageTest {
  private static final List<DType> HALVES = List.of(DType.FLOAT16, DType.BFLOAT16);
  private static final List<DType> STORAGES = List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16);
  private static final int[] DIMENSIONS = {1, 3, 16, 37, 516};

  @EveryBackend
  void everyNumberIsWidenedExactly(TestBackend device) {
    for (DType type : HALVES) {
      int[] bits = new int[1 << 16];
      Arrays.setAll(bits, i -> i);
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix table = memory.matrixOfBits(type, bits.length, bits);
        Matrix out = memory.matrix(bits.length, new float[bits.length]);
        device
            .shared()
            .execute(new EmbeddingForward(table, memory.ids(new int[] {0}), null, out, 1, 1));
        float[] expected = new float[bits.length];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = StoredNumbers.widen(type, i);
        }
        assertSameBits(memory.read(out), expected, bits.length, type);
      }
    }
  }

  /** By adding -0, which changes no number. */
  @EveryBackend
  void everyNumberIsRoundedToTheNearest(TestBackend device) {
    assumeThat(device.shared().device().flushesSubnormals()).isFalse();
    for (DType type : HALVES) {
      float[] values = patterns(type);
      int dim = values.length;
      int[] minusZeros = new int[dim];
      Arrays.fill(minusZeros, 0x8000);
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix table = memory.matrixOfBits(type, dim, minusZeros);
        Positions positions = new Positions(memory.matrix(dim, values), 0);
        Matrix out = memory.matrix(type, dim, new float[dim]);
        device
            .shared()
            .execute(new EmbeddingForward(table, memory.ids(new int[] {0}), positions, out, 1, 1));
        float[] expected = new float[dim];
        for (int i = 0; i < dim; i++) {
          expected[i] = StoredNumbers.widen(type, StoredNumbers.narrow(type, values[i]));
        }
        assertSameBits(memory.read(out), expected, dim, type);
      }
    }
  }

  /**
   * Every number, infinities and NaNs too, plus one some exponents away, where many sums lie half
   * way between two numbers, or plus any other. Five lookups, for loops that take four at once.
   */
  @EveryBackend
  void sumsOfNumbersOfTheSameTypeAreRoundedToTheNearest(TestBackend device) {
    assumeThat(device.shared().device().flushesSubnormals()).isFalse();
    for (DType type : HALVES) {
      int dim = (1 << 16) + 7;
      int[] bits = new int[dim];
      int[] added = new int[2 * dim];
      for (int i = 0; i < dim; i++) {
        bits[i] = i & 0xffff;
        added[i] = (i + (i % 5 << (type == DType.FLOAT16 ? 10 : 7)) + i % 3) & 0xffff;
        added[dim + i] = i * 0x9e37 & 0xffff;
      }
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix table = memory.matrixOfBits(type, dim, bits);
        Positions positions = new Positions(memory.matrixOfBits(type, dim, added), 0);
        Matrix out = memory.matrix(type, dim, new float[10 * dim]);
        device
            .shared()
            .execute(new EmbeddingForward(table, memory.ids(new int[10]), positions, out, 5, 2));
        float[] expected = new float[10 * dim];
        int[] expectedBits = new int[10 * dim];
        for (int i = 0; i < expected.length; i++) {
          int column = i % dim;
          float sum =
              StoredNumbers.widen(type, bits[column])
                  + StoredNumbers.widen(type, added[i % (2 * dim)]);
          expectedBits[i] = StoredNumbers.narrow(type, sum);
          expected[i] = StoredNumbers.widen(type, expectedBits[i]);
        }
        assertSameBits(memory.read(out), expected, dim, type);
        if (type == DType.BFLOAT16) { // NaNs have no payload
          assertThat(memory.readBits(out.buffer())).isEqualTo(expectedBits);
        }
      }
    }
  }

  @EveryBackend
  void gatherIntoTheSameTypeKeepsEveryBit(TestBackend device) {
    for (DType type : HALVES) {
      for (int dim : new int[] {16, 37}) {
        int[] bits = new int[2 * dim];
        Arrays.setAll(bits, i -> (0x7c00 + i * 0x9e37) & 0xffff); // NaNs of all kinds among them
        bits[0] = 0x7c01;
        bits[1] = 0x7f81;
        try (TestMemory memory = new TestMemory(device.shared())) {
          Matrix table = memory.matrixOfBits(type, dim, bits);
          Matrix out = memory.matrix(type, dim, new float[5 * dim]);
          device
              .shared()
              .execute(
                  new EmbeddingForward(
                      table, memory.ids(new int[] {0, 1, 0, 0, 1}), null, out, 5, 1));
          int[] actual = memory.readBits(out.buffer());
          for (int i = 0; i < actual.length; i++) {
            int row = List.of(0, 1, 0, 0, 1).get(i / dim);
            assertThat(actual[i]).isEqualTo(bits[row * dim + i % dim]);
          }
        }
      }
    }
  }

  @EveryBackend
  void everyMixOfTypesGivesTheReferenceBits(TestBackend device) {
    int turn = 0;
    for (DType weight : STORAGES) {
      for (DType positions : STORAGES) {
        for (DType out : List.of(DType.FLOAT32, weight)) {
          // One dimension for each: to build programs takes most of the time.
          checkForward(device, weight, positions, out, DIMENSIONS[turn % DIMENSIONS.length], 6, 5);
          turn++;
        }
      }
    }
    checkForward(device, DType.BFLOAT16, DType.BFLOAT16, DType.BFLOAT16, 260, 70, 40);
    checkForward(device, DType.FLOAT16, DType.FLOAT16, DType.FLOAT16, 260, 70, 40);
  }

  @EveryBackend
  void infiniteAndNanResultsOfUpdatesStayWhatTheyAre(TestBackend device) {
    float fullNan = Float.intBitsToFloat(0x7fffffff); // which rounding would turn into a number
    float[] values = {
      1,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      fullNan,
      1e30f,
      -1e30f,
      0,
      -0f,
      5e-8f
    };
    float[] special = new float[5 * values.length]; // more than a vector of columns
    for (int i = 0; i < special.length; i++) {
      special[i] = values[i % values.length];
    }
    for (StorageCase storage : StorageCase.values()) {
      if (storage == StorageCase.FLOAT32) {
        continue;
      }
      try (TestMemory memory = new TestMemory(device.shared())) {
        Matrix table = memory.matrix(storage.type(), special.length, new float[special.length]);
        Matrix gradient = memory.matrix(special.length, special);
        device
            .shared()
            .execute(new DenseUpdate(gradient, storage.rounding(SgdUpdate.plain(table, -1))));
        float[] expected = new float[special.length];
        for (int i = 0; i < expected.length; i++) {
          expected[i] = storage.rounded(0 - -1 * special[i], i);
        }
        assertSameBits(memory.read(table), expected, special.length, storage);
      }
    }
  }

  /**
   * 40,000 elements are rounded from a number between two neighbours, three tenths of the way. The
   * share that goes up has a standard deviation of √(0.3 · 0.7 / 40,000) = 0.0023; the seed is
   * fixed, so that the test gives the same result each time.
   */
  @EveryBackend
  void stochasticRoundingIsUnbiased(TestBackend device) {
    int dim = 200;
    for (DType type : HALVES) {
      for (float start : new float[] {1, -3, 0x1p-20f}) {
        double spacing =
            Math.abs(
                StoredNumbers.widen(type, StoredNumbers.narrow(type, start) + 1) - (double) start);
        float[] table = new float[dim * dim];
        Arrays.fill(table, start);
        float[] gradient = new float[dim * dim];
        Arrays.fill(gradient, (float) (0.3 * spacing) * Math.signum(start));
        try (TestMemory memory = new TestMemory(device.shared())) {
          Matrix stored = memory.matrix(type, dim, table);
          device
              .shared()
              .execute(
                  new DenseUpdate(
                      memory.matrix(dim, gradient),
                      new StochasticUpdate(SgdUpdate.plain(stored, -1), 42, 1)));
          int up = 0;
          for (float value : memory.read(stored)) {
            double steps = (value - start) / (spacing * Math.signum(start));
            assertThat(Math.abs(steps)).isIn(0.0, 1.0);
            up += (int) steps;
          }
          assertThat(up / (double) (dim * dim))
              .as("share rounded up, %s from %s", type, start)
              .isBetween(0.3 - 4 * 0.0023, 0.3 + 4 * 0.0023);
        }
      }
    }
  }

  /** The known answers of Random123, the library of Philox's authors. */
  @Test
  void philoxGivesItsKnownAnswers() {
    assertThat(StorageCase.philox(0, 0, 0))
        .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
    assertThat(StorageCase.philox(-1, -1, -1))
        .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
    assertThat(StorageCase.philox(0x299f31d0_a4093822L, 0x85a308d3_243f6a88L, 0x03707344_13198a2eL))
        .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
  }

  @EveryBackend
  void gradientsAndStateAreFloat32(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix half = memory.matrix(DType.FLOAT16, 2, new float[4]);
      Matrix other = memory.matrix(DType.BFLOAT16, 2, new float[4]);
      Matrix wide = memory.matrix(2, new float[4]);
      assertThatThrownBy(() -> new AccumulateUpdate(half))
          .hasMessageContaining("is FLOAT16; give FLOAT32");
      assertThatThrownBy(() -> new DenseUpdate(other, SgdUpdate.plain(half, 1)))
          .hasMessageContaining("gradWeight is BFLOAT16; give FLOAT32");
      assertThatThrownBy(() -> new AdagradUpdate(half, other, 1, 0, 0))
          .hasMessageContaining("sums is BFLOAT16; give FLOAT32");
      assertThatThrownBy(() -> new StochasticUpdate(SgdUpdate.plain(wide, 1), 1, 1))
          .hasMessageContaining("a FLOAT32 table has nothing to round");
      StochasticUpdate rounded = new StochasticUpdate(SgdUpdate.plain(half, 1), 1, 1);
      assertThatThrownBy(() -> new StochasticUpdate(rounded, 1, 1))
          .hasMessageContaining("rounded twice");
      var ids = memory.ids(new int[] {1});
      assertThatThrownBy(() -> new EmbeddingForward(half, ids, null, other, 1, 1))
          .hasMessage(
              "out is BFLOAT16 and weight FLOAT16; give an out of FLOAT32 or of weight's type");
    }
  }

  static void checkForward(
      TestBackend device,
      DType weight,
      DType added,
      DType out,
      int dim,
      int batchSize,
      int seqLen) {
    Backend backend = device.shared();
    TestBatch batch = TestBatch.uniform(TestBatch.SEED + dim, batchSize, seqLen, 2, 11, dim);
    float[] w = stored(weight, batch.weight());
    float[] p = stored(added, batch.positions());
    TestBatch storedBatch =
        new TestBatch(batchSize, seqLen, 11, dim, 2, batch.ids(), w, p, batch.gradOutput());
    try (TestMemory memory = new TestMemory(backend)) {
      Matrix table = memory.matrix(weight, dim, w);
      Matrix result = memory.matrix(out, dim, new float[batch.count() * dim]);
      Positions positions = new Positions(memory.matrix(added, dim, p), 2);
      var ids = memory.ids(batch.ids());
      String what = weight + " + " + added + " to " + out + ": " + batch;
      for (boolean adds : new boolean[] {true, false}) {
        backend.execute(
            new EmbeddingForward(table, ids, adds ? positions : null, result, batchSize, seqLen));
        float[] expected = stored(out, OperationReference.forward(storedBatch, adds));
        assertSameBits(memory.read(result), expected, dim, what);
      }
      backend.synchronize();
    }
  }

  private static float[] stored(DType type, float[] values) {
    float[] stored = new float[values.length];
    for (int i = 0; i < stored.length; i++) {
      stored[i] = StoredNumbers.widen(type, StoredNumbers.narrow(type, values[i]));
    }
    return stored;
  }

  /** Returns every positive number of a type, the middle to the next, their neighbours; others. */
  private static float[] patterns(DType type) {
    int numbers = type == DType.FLOAT16 ? 0x7c00 : 0x7f80;
    float[] patterns = new float[12 * numbers + 100_000];
    int at = 0;
    for (int h = 0; h < numbers; h++) {
      float exact = StoredNumbers.widen(type, h);
      float middle =
          h + 1 < numbers
              ? (float) ((exact + (double) StoredNumbers.widen(type, h + 1)) / 2)
              : (float) (exact + (exact - (double) StoredNumbers.widen(type, h - 1)) / 2);
      for (float around : new float[] {exact, middle}) {
        for (float value : new float[] {Math.nextDown(around), around, Math.nextUp(around)}) {
          patterns[at++] = value;
          patterns[at++] = -value;
        }
      }
    }
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    while (at < patterns.length) {
      patterns[at++] = Float.intBitsToFloat(random.nextInt());
    }
    return patterns;
  }
}
