package dev.embedcl.init;

import static dev.embedcl.init.CephesCoefficients.COS_0;
import static dev.embedcl.init.CephesCoefficients.COS_1;
import static dev.embedcl.init.CephesCoefficients.COS_2;
import static dev.embedcl.init.CephesCoefficients.FOUR_OVER_PI;
import static dev.embedcl.init.CephesCoefficients.HALF_BITS;
import static dev.embedcl.init.CephesCoefficients.HALF_EXPONENT;
import static dev.embedcl.init.CephesCoefficients.LN2_HIGH;
import static dev.embedcl.init.CephesCoefficients.LN2_LOW;
import static dev.embedcl.init.CephesCoefficients.LOG_0;
import static dev.embedcl.init.CephesCoefficients.LOG_1;
import static dev.embedcl.init.CephesCoefficients.LOG_2;
import static dev.embedcl.init.CephesCoefficients.LOG_3;
import static dev.embedcl.init.CephesCoefficients.LOG_4;
import static dev.embedcl.init.CephesCoefficients.LOG_5;
import static dev.embedcl.init.CephesCoefficients.LOG_6;
import static dev.embedcl.init.CephesCoefficients.LOG_7;
import static dev.embedcl.init.CephesCoefficients.LOG_8;
import static dev.embedcl.init.CephesCoefficients.MANTISSA_BITS;
import static dev.embedcl.init.CephesCoefficients.MANTISSA_MASK;
import static dev.embedcl.init.CephesCoefficients.QUARTER_PI_HIGH;
import static dev.embedcl.init.CephesCoefficients.QUARTER_PI_LOW;
import static dev.embedcl.init.CephesCoefficients.QUARTER_PI_MID;
import static dev.embedcl.init.CephesCoefficients.SIN_0;
import static dev.embedcl.init.CephesCoefficients.SIN_1;
import static dev.embedcl.init.CephesCoefficients.SIN_2;
import static dev.embedcl.init.CephesCoefficients.SQRT_HALF;
import static dev.embedcl.init.CephesCoefficients.TWO_PI;

/**
 * {@link CpuCapability#AVX2} one element at a time.
 *
 * <p>Logarithm, sine and cosine are those of the Cephes library (Moshier, {@code logf}, {@code
 * sinf}, {@code cosf}) in the form that vector code gives them, without branches and with a fused
 * multiply-add wherever PyTorch's AVX2 build has one. Every other operation rounds to float. {@link
 * VectorCephesBoxMuller} repeats this line by line.
 */
final class CephesBoxMuller implements BoxMuller {
  @Override
  public void transform(float[] data, int length, float mean, float std) {
    for (int block = 0; block < length; block += BLOCK) {
      for (int j = block; j < block + HALF; j++) {
        float radius = (float) Math.sqrt(-2f * log(1f - data[j]));
        float angle = TWO_PI * data[j + HALF];

        int octant = ((int) (angle * FOUR_OVER_PI) + 1) & ~1;
        float y = octant;
        float x = Math.fma(y, QUARTER_PI_HIGH, angle);
        x = Math.fma(y, QUARTER_PI_MID, x);
        x = Math.fma(y, QUARTER_PI_LOW, x);
        float z = x * x;
        float c = Math.fma(COS_2, z, COS_1);
        c = Math.fma(c, z, COS_0) * z;
        c = Math.fma(c, z, -(z * 0.5f)) + 1f;
        float s = Math.fma(SIN_2, z, SIN_1);
        s = Math.fma(s, z, SIN_0) * z;
        s = Math.fma(s, x, x);

        boolean swapped = (octant & 2) != 0;
        float cos = negateIf(~(octant - 2) & 4, swapped ? s : c);
        float sin = negateIf(octant & 4, swapped ? c : s);
        data[j] = Math.fma(radius * cos, std, mean);
        data[j + HALF] = Math.fma(radius * sin, std, mean);
      }
    }
  }

  /** Natural logarithm of a normal, positive float. */
  private static float log(float u) {
    int bits = Float.floatToRawIntBits(u);
    float m = Float.intBitsToFloat((bits & MANTISSA_MASK) | HALF_BITS);
    float e = (bits >>> MANTISSA_BITS) - HALF_EXPONENT;
    boolean low = m < SQRT_HALF;
    e = low ? e - 1f : e;
    float x = low ? (m - 1f) + m : m - 1f;

    float z = x * x;
    float y = Math.fma(LOG_8, x, LOG_7);
    y = Math.fma(y, x, LOG_6);
    y = Math.fma(y, x, LOG_5);
    y = Math.fma(y, x, LOG_4);
    y = Math.fma(y, x, LOG_3);
    y = Math.fma(y, x, LOG_2);
    y = Math.fma(y, x, LOG_1);
    y = Math.fma(y, x, LOG_0) * x;
    y = Math.fma(y, z, e * LN2_LOW);
    y -= z * 0.5f;
    return Math.fma(e, LN2_HIGH, x + y);
  }

  /** Changes the sign of {@code value} if {@code four} is 4, not if it is 0. */
  private static float negateIf(int four, float value) {
    return Float.intBitsToFloat(Float.floatToRawIntBits(value) ^ (four << 29));
  }
}
