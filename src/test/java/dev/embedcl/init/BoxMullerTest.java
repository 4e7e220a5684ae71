package dev.embedcl.init;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BoxMullerTest {
  private static final int LENGTH = 1 << 16;

  /** One pair of normal values from one pair of uniforms. */
  private interface Reference {
    void transform(float u1, float u2, float[] target, int at);
  }

  @Test
  void cephesStagesGiveTheBitsOfTheRecipeForEveryUniform() {
    assertSameForEveryUniform(new CephesBoxMuller(), BoxMullerTest::cephes);
  }

  @Test
  void logarithmCosineAndSineAreCorrectlyRoundedForEveryUniform() {
    assertSameForEveryUniform(new RoundedBoxMuller(), BoxMullerTest::rounded);
  }

  @ParameterizedTest
  @EnumSource
  void everyLengthGivesTheSameBits(CpuCapability capability) {
    BoxMuller boxMuller = BoxMuller.of(capability);
    float[] uniforms = new float[3 * 1024 + 16];
    MersenneTwister twister = new MersenneTwister();
    twister.seed(4);
    twister.fillUniform(uniforms, uniforms.length);
    float[] whole = uniforms.clone();
    boxMuller.transform(whole, whole.length);
    for (int length = 0; length <= uniforms.length; length += 16) {
      float[] part = uniforms.clone();
      boxMuller.transform(part, length);
      assertThat(Arrays.mismatch(part, 0, length, whole, 0, length)).isEqualTo(-1);
      assertThat(Arrays.mismatch(part, length, part.length, uniforms, length, part.length))
          .isEqualTo(-1);
    }
  }

  /** Uniforms have 24 bits, so this is every radius and every angle there is. */
  private static void assertSameForEveryUniform(BoxMuller boxMuller, Reference reference) {
    float[] actual = new float[LENGTH];
    float[] expected = new float[LENGTH];
    for (int first = 0; first < 1 << 24; first += LENGTH / 2) {
      for (int i = 0; i < LENGTH / 2; i++) {
        int at = i / 8 * 16 + i % 8;
        actual[at] = (first + i) * 0x1p-24f;
        // The same values in another order, so that radii and angles meet crosswise.
        actual[at + 8] = (((first + i) * 0x9E3779B1) >>> 8) * 0x1p-24f;
        reference.transform(actual[at], actual[at + 8], expected, at);
      }
      boxMuller.transform(actual, LENGTH);
      // A zero's sign is lost when the mean is added.
      for (int i = 0; i < LENGTH; i++) {
        actual[i] += 0f;
        expected[i] += 0f;
      }
      assertThat(Arrays.mismatch(actual, expected)).as("from uniform %d", first).isEqualTo(-1);
    }
  }

  private static void rounded(float u1, float u2, float[] target, int at) {
    float radius = (float) Math.sqrt(-2f * (float) StrictMath.log(1f - u1));
    float angle = (float) (2 * Math.PI * u2);
    target[at] = radius * (float) StrictMath.cos(angle);
    target[at + 8] = radius * (float) StrictMath.sin(angle);
  }

  private static void cephes(float u1, float u2, float[] target, int at) {
    float radius = (float) Math.sqrt(-2f * cephesLog(1f - u1));
    float angle = 6.2831855f * u2;
    int octant = ((int) (angle * 1.2732395f) + 1) & ~1;
    float x = Math.fma(octant, -0.78515625f, angle);
    x = Math.fma(octant, -2.4187565E-4f, x);
    x = Math.fma(octant, -3.774895E-8f, x);
    float z = x * x;
    float c = Math.fma(2.4433157E-5f, z, -0.0013887316f);
    c = Math.fma(c, z, 0.041666646f) * z;
    c = Math.fma(c, z, -(z * 0.5f)) + 1f;
    float s = Math.fma(-1.9515296E-4f, z, 0.008332161f);
    s = Math.fma(s, z, -0.16666655f) * z;
    s = Math.fma(s, x, x);

    boolean swapped = (octant & 2) != 0;
    float cos = swapped ? s : c;
    float sin = swapped ? c : s;
    cos = (~(octant - 2) & 4) != 0 ? -cos : cos;
    sin = (octant & 4) != 0 ? -sin : sin;
    target[at] = radius * cos;
    target[at + 8] = radius * sin;
  }

  private static float cephesLog(float u) {
    float e = Math.getExponent(u) + 1;
    float m = Math.scalb(u, -(int) e);
    float x = m - 1f;
    if (m < 0.70710677f) {
      e -= 1;
      x += m;
    }
    float z = x * x;
    float y = Math.fma(0.070376836f, x, -0.1151461f);
    y = Math.fma(y, x, 0.116769984f);
    y = Math.fma(y, x, -0.12420141f);
    y = Math.fma(y, x, 0.14249323f);
    y = Math.fma(y, x, -0.16668057f);
    y = Math.fma(y, x, 0.20000714f);
    y = Math.fma(y, x, -0.24999994f);
    y = Math.fma(y, x, 0.3333333f) * x;
    y = Math.fma(y, z, e * -2.1219444E-4f);
    y -= z * 0.5f;
    return Math.fma(e, 0.6933594f, x + y);
  }
}
