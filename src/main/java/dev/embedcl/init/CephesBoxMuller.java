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
 * {@link CpuCapability#AVX2}: the functions of the Cephes library (Moshier, {@code logf}, {@code
 * sinf}, {@code cosf}) in the form that vector code gives them, without branches and with a fused
 * multiply-add wherever PyTorch's AVX2 build has one. Every other operation rounds to float.
 *
 * <p>The work goes in stages, each a plain loop over arrays short enough for the first-level cache:
 * this is what the JIT compiler turns into vector instructions, where one loop over everything
 * would stay scalar.
 */
final class CephesBoxMuller implements BoxMuller {
  /** Pairs of values per pass through the stages; a multiple of {@link #HALF}. */
  private static final int PAIRS = 512;

  private static final int SQRT_HALF_BITS = Float.floatToRawIntBits(SQRT_HALF);

  private final float[] radius = new float[PAIRS];
  private final float[] exponent = new float[PAIRS];
  private final float[] angle = new float[PAIRS];
  private final int[] octant = new int[PAIRS];
  private final float[] cos = new float[PAIRS];
  private final float[] sin = new float[PAIRS];
  private final float[] swap = new float[PAIRS];
  private final float[] cosSign = new float[PAIRS];
  private final float[] sinSign = new float[PAIRS];

  @Override
  public void transform(float[] data, int length, float mean, float std) {
    for (int first = 0; first < length; first += 2 * PAIRS) {
      int pairs = Math.min(PAIRS, (length - first) / 2);
      split(data, first, pairs);
      normalize(pairs);
      radii(pairs);
      octants(pairs);
      polynomials(pairs);
      signs(pairs);
      combine(pairs, mean, std);
      join(data, first, pairs);
    }
  }

  /** Parts the blocks into what makes the radii, in (0, 1], and the angles, in [0, 2 pi). */
  private void split(float[] data, int first, int pairs) {
    for (int i = 0; i < pairs; i += HALF) {
      int block = first + 2 * i;
      for (int j = 0; j < HALF; j++) {
        radius[i + j] = 1f - data[block + j];
        angle[i + j] = TWO_PI * data[block + HALF + j];
      }
    }
  }

  /** Takes each u = m 2^e apart, with m in [sqrt(1/2), sqrt(2)), and leaves m - 1 in its place. */
  private void normalize(int pairs) {
    for (int i = 0; i < pairs; i++) {
      int bits = Float.floatToRawIntBits(radius[i]);
      int halfToOne = (bits & MANTISSA_MASK) | HALF_BITS;
      // All ones if m is below sqrt(1/2) and is to be doubled, else 0. Both sums below are exact.
      int low = (halfToOne - SQRT_HALF_BITS) >> (Integer.SIZE - 1);
      exponent[i] = (bits >>> MANTISSA_BITS) - HALF_EXPONENT + low;
      radius[i] = (Float.intBitsToFloat(halfToOne) - 1f) + Float.intBitsToFloat(halfToOne & low);
    }
  }

  /** Puts sqrt(-2 ln u) in place of what {@link #normalize} left. */
  private void radii(int pairs) {
    for (int i = 0; i < pairs; i++) {
      float x = radius[i];
      float e = exponent[i];
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
      float log = Math.fma(e, LN2_HIGH, x + y);
      radius[i] = (float) Math.sqrt(-2f * log);
    }
  }

  /** Numbers the eighths of the circle, the odd ones rounded up: 0, 2, 4, 6 or 8. */
  private void octants(int pairs) {
    for (int i = 0; i < pairs; i++) {
      octant[i] = ((int) (angle[i] * FOUR_OVER_PI) + 1) & ~1;
    }
  }

  /** Cosine and sine of the angle minus octant times pi/4, which lies in [-pi/4, pi/4]. */
  private void polynomials(int pairs) {
    for (int i = 0; i < pairs; i++) {
      float y = octant[i];
      float x = Math.fma(y, QUARTER_PI_HIGH, angle[i]);
      x = Math.fma(y, QUARTER_PI_MID, x);
      x = Math.fma(y, QUARTER_PI_LOW, x);
      float z = x * x;
      float c = Math.fma(COS_2, z, COS_1);
      c = Math.fma(c, z, COS_0) * z;
      cos[i] = Math.fma(c, z, -(z * 0.5f)) + 1f;
      float s = Math.fma(SIN_2, z, SIN_1);
      s = Math.fma(s, z, SIN_0) * z;
      sin[i] = Math.fma(s, x, x);
    }
  }

  /**
   * Whether the octant exchanges cosine and sine, as 1 or 0, and the signs it gives them, as 1 or
   * -1.
   */
  private void signs(int pairs) {
    for (int i = 0; i < pairs; i++) {
      int half = octant[i] >> 1;
      swap[i] = half & 1;
      cosSign[i] = 1 - (~(half - 1) & 2);
      sinSign[i] = 1 - (half & 2);
    }
  }

  /**
   * Puts the normal values in place of cosines and sines. Selecting by factors of 1 and 0 is exact.
   */
  private void combine(int pairs, float mean, float std) {
    for (int i = 0; i < pairs; i++) {
      float c = cos[i];
      float s = sin[i];
      float swapped = swap[i];
      float kept = 1f - swapped;
      cos[i] = Math.fma(radius[i] * (cosSign[i] * (c * kept + s * swapped)), std, mean);
      sin[i] = Math.fma(radius[i] * (sinSign[i] * (s * kept + c * swapped)), std, mean);
    }
  }

  private void join(float[] data, int first, int pairs) {
    for (int i = 0; i < pairs; i += HALF) {
      int block = first + 2 * i;
      for (int j = 0; j < HALF; j++) {
        data[block + j] = cos[i + j];
        data[block + HALF + j] = sin[i + j];
      }
    }
  }
}
