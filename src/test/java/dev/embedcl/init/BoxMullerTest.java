package dev.embedcl.init;

import static dev.embedcl.init.CephesCoefficients.*;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BoxMullerTest {

  /** Uniforms have 24 bits, so this is every radius and every angle there is. */
  @Test
  void stagesGiveTheBitsOfOneElementAtATimeForEveryUniform() {
    BoxMuller boxMuller = new CephesBoxMuller();
    int uniforms = 1 << 24;
    int length = 1 << 16;
    float[] actual = new float[length];
    float[] expected = new float[length];
    for (int first = 0; first < uniforms; first += length / 2) {
      for (int i = 0; i < length / 2; i++) {
        int at = i / 8 * 16 + i % 8;
        actual[at] = (first + i) * 0x1p-24f;
        // The same values in another order, so that radii and angles meet crosswise.
        actual[at + 8] = (((first + i) * 0x9E3779B1) >>> 8) * 0x1p-24f;
        oneAtATime(actual[at], actual[at + 8], 0.25f, 1.5f, expected, at);
      }
      boxMuller.transform(actual, length, 0.25f, 1.5f);
      assertThat(Arrays.mismatch(actual, expected)).as("from uniform %d", first).isEqualTo(-1);
    }
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
    boxMuller.transform(whole, whole.length, 0.5f, 2);
    for (int length = 0; length <= uniforms.length; length += 16) {
      float[] part = uniforms.clone();
      boxMuller.transform(part, length, 0.5f, 2);
      assertThat(Arrays.mismatch(part, 0, length, whole, 0, length)).isEqualTo(-1);
      assertThat(Arrays.mismatch(part, length, part.length, uniforms, length, part.length))
          .isEqualTo(-1);
    }
  }

  /** One pair by the recipe, with branches, into {@code target[at]} and {@code target[at + 8]}. */
  private static void oneAtATime(
      float radiusUniform, float angleUniform, float mean, float std, float[] target, int at) {
    float radius = (float) Math.sqrt(-2f * log(1f - radiusUniform));
    float angle = TWO_PI * angleUniform;

    int octant = ((int) (angle * FOUR_OVER_PI) + 1) & ~1;
    float x = Math.fma(octant, QUARTER_PI_HIGH, angle);
    x = Math.fma(octant, QUARTER_PI_MID, x);
    x = Math.fma(octant, QUARTER_PI_LOW, x);
    float z = x * x;
    float c = Math.fma(COS_2, z, COS_1);
    c = Math.fma(c, z, COS_0) * z;
    c = Math.fma(c, z, -(z * 0.5f)) + 1f;
    float s = Math.fma(SIN_2, z, SIN_1);
    s = Math.fma(s, z, SIN_0) * z;
    s = Math.fma(s, x, x);

    boolean swapped = (octant & 2) != 0;
    float cos = swapped ? s : c;
    float sin = swapped ? c : s;
    cos = (~(octant - 2) & 4) != 0 ? -cos : cos;
    sin = (octant & 4) != 0 ? -sin : sin;
    target[at] = Math.fma(radius * cos, std, mean);
    target[at + 8] = Math.fma(radius * sin, std, mean);
  }

  private static float log(float u) {
    float e = Math.getExponent(u) + 1;
    float m = u / (float) Math.scalb(1.0, (int) e);
    float x = m - 1f;
    if (m < SQRT_HALF) {
      e -= 1;
      x += m;
    }
    float z = x * x;
    float y = LOG_8;
    for (float c : new float[] {LOG_7, LOG_6, LOG_5, LOG_4, LOG_3, LOG_2, LOG_1, LOG_0}) {
      y = Math.fma(y, x, c);
    }
    y *= x;
    y = Math.fma(y, z, e * LN2_LOW);
    y -= z * 0.5f;
    return Math.fma(e, LN2_HIGH, x + y);
  }
}
