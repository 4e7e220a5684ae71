package dev.embedcl.init;

/**
 * {@link CpuCapability#AVX2}: the single-precision functions of the Cephes library (Moshier, {@code
 * logf}, {@code sinf}, {@code cosf}) in the form that vector code gives them, without branches and
 * with a fused multiply-add wherever PyTorch's AVX2 build has one. Every other operation rounds to
 * float.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // written as published, to be compared with it
final class CephesBoxMuller extends BoxMuller {
  private static final float TWO_PI = (float) (2 * Math.PI);

  /**
   * Logarithm: polynomial in the mantissa less 1, and ln 2 as a sum of an exact and a small part.
   */
  private static final float LOG_8 = 7.0376836292E-2f;

  private static final float LOG_7 = -1.1514610310E-1f;
  private static final float LOG_6 = 1.1676998740E-1f;
  private static final float LOG_5 = -1.2420140846E-1f;
  private static final float LOG_4 = 1.4249322787E-1f;
  private static final float LOG_3 = -1.6668057665E-1f;
  private static final float LOG_2 = 2.0000714765E-1f;
  private static final float LOG_1 = -2.4999993993E-1f;
  private static final float LOG_0 = 3.3333331174E-1f;
  private static final float LN2_LOW = -2.12194440E-4f;
  private static final float LN2_HIGH = 0.693359375f;

  /** Sine and cosine: 4/pi, then pi/4 negated as a sum of three parts, then the polynomials. */
  private static final float FOUR_OVER_PI = 1.27323954473516f;

  private static final float QUARTER_PI_HIGH = -0.78515625f;
  private static final float QUARTER_PI_MID = -2.4187564849853515625E-4f;
  private static final float QUARTER_PI_LOW = -3.77489497744594108E-8f;
  private static final float COS_2 = 2.443315711809948E-5f;
  private static final float COS_1 = -1.388731625493765E-3f;
  private static final float COS_0 = 4.166664568298827E-2f;
  private static final float SIN_2 = -1.9515295891E-4f;
  private static final float SIN_1 = 8.3321608736E-3f;
  private static final float SIN_0 = -1.6666654611E-1f;

  @Override
  void radii(int pairs) {
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

  @Override
  void cosinesAndSines(int pairs) {
    quadrants(pairs);
    for (int i = 0; i < pairs; i++) {
      float eighths = 2 * quadrant[i];
      float x = Math.fma(eighths, QUARTER_PI_HIGH, angle[i]);
      x = Math.fma(eighths, QUARTER_PI_MID, x);
      x = Math.fma(eighths, QUARTER_PI_LOW, x);
      float z = x * x;
      float c = Math.fma(COS_2, z, COS_1);
      c = Math.fma(c, z, COS_0) * z;
      cos[i] = Math.fma(c, z, -(z * 0.5f)) + 1f;
      float s = Math.fma(SIN_2, z, SIN_1);
      s = Math.fma(s, z, SIN_0) * z;
      sin[i] = Math.fma(s, x, x);
    }
  }

  /** A loop of its own: together with the polynomials it would not be vectorized. */
  private void quadrants(int pairs) {
    for (int i = 0; i < pairs; i++) {
      float theta = TWO_PI * angle[i];
      angle[i] = theta;
      quadrant[i] = ((int) (theta * FOUR_OVER_PI) + 1) >> 1;
    }
  }
}
