package dev.embedcl.op;

import static dev.embedcl.op.OperationReference.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import java.util.Arrays;
import java.util.SplittableRandom;

/** {@link DenseUpdate} with {@link SgdUpdate}, against the formula in plain Java. */
final class DenseUpdateTest {

  @EveryBackend
  void everySizeGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    for (int dim : EmbeddingForwardTest.DIMENSIONS) {
      for (int rows : new int[] {0, 1, 5}) {
        check(
            device,
            dim,
            TestBatch.numbers(random, rows * dim),
            TestBatch.numbers(random, rows * dim),
            0.01f);
      }
    }
  }

  @EveryBackend
  void largeTableGivesTheReferenceBits(TestBackend device) {
    SplittableRandom random = new SplittableRandom(TestBatch.SEED);
    int elements = 1031 * 257; // more than the 2^16 elements that are handed on at a time
    float[] gradient = TestBatch.numbers(random, elements);
    check(device, 257, gradient, TestBatch.numbers(random, elements), -3.3f);
  }

  @EveryBackend
  void productIsRoundedBeforeItIsSubtracted(TestBackend device) {
    // (1 + 2^-12)^2 = 1 + 2^-11 + 2^-24; the last term is lost in float32, and a fused
    // multiply-add would keep it.
    float x = 1 + 0x1p-12f;
    check(device, 3, new float[] {x, -x, 2 * x}, new float[] {x * x, 1, 2 * x * x}, x);
    check(device, 16, filled(48, x), filled(48, x * x), x);
  }

  @EveryBackend
  void specialNumbersFollowIeee754(TestBackend device) {
    assumeFalse(
        device.shared().device().flushesSubnormals(), "this device flushes subnormal numbers");
    float[] special = {
      0f,
      -0f,
      Float.MIN_VALUE,
      -Float.MIN_VALUE,
      Float.MIN_NORMAL,
      Float.MAX_VALUE,
      Float.POSITIVE_INFINITY,
      Float.NEGATIVE_INFINITY,
      Float.NaN,
      1f
    };
    int length = special.length;
    float[] gradient = new float[length * length];
    float[] weight = new float[length * length];
    for (int i = 0; i < gradient.length; i++) {
      gradient[i] = special[i / length];
      weight[i] = special[i % length];
    }
    for (float rate : new float[] {1f, 0f, -0f, 0.5f, -2f, Float.MIN_VALUE}) {
      check(device, length, gradient, weight, rate);
    }
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  private static void check(
      TestBackend device, int dim, float[] gradient, float[] before, float learningRate) {
    try (TestMemory memory = new TestMemory(device.shared())) {
      Matrix gradWeight = memory.matrix(dim, gradient);
      Matrix weight = memory.matrix(dim, before);
      device.shared().execute(new DenseUpdate(gradWeight, SgdUpdate.plain(weight, learningRate)));
      float[] expected = before.clone();
      for (int i = 0; i < expected.length; i++) {
        float change = learningRate * gradient[i];
        expected[i] -= change;
      }
      assertSameBits(
          memory.read(weight),
          expected,
          dim,
          "a step of %s; -Dembedcl.test.seed=%d".formatted(learningRate, TestBatch.SEED));
      assertThat(memory.readBits(gradWeight.buffer())).isEqualTo(TestMemory.bits(gradient));
    }
  }
}
