package dev.embedcl.init;

/**
 * The numbers of the Cephes library's single-precision {@code logf}, {@code sinf} and {@code cosf}
 * (Moshier), and of the float format, as {@link CephesBoxMuller} needs them.
 */
@SuppressWarnings("FloatingPointLiteralPrecision") // written as published, to be compared with it
final class CephesCoefficients {
  static final float TWO_PI = (float) (2 * Math.PI);
  static final float SQRT_HALF = 0.707106781186547524f;

  /**
   * Logarithm: polynomial in x = m - 1, highest power first, and ln 2 as a sum of an exact and a
   * small part.
   */
  static final float LOG_8 = 7.0376836292E-2f;

  static final float LOG_7 = -1.1514610310E-1f;
  static final float LOG_6 = 1.1676998740E-1f;
  static final float LOG_5 = -1.2420140846E-1f;
  static final float LOG_4 = 1.4249322787E-1f;
  static final float LOG_3 = -1.6668057665E-1f;
  static final float LOG_2 = 2.0000714765E-1f;
  static final float LOG_1 = -2.4999993993E-1f;
  static final float LOG_0 = 3.3333331174E-1f;
  static final float LN2_LOW = -2.12194440E-4f;
  static final float LN2_HIGH = 0.693359375f;

  /** Sine and cosine: 4/pi, then pi/4 negated as a sum of three parts, then the polynomials. */
  static final float FOUR_OVER_PI = 1.27323954473516f;

  static final float QUARTER_PI_HIGH = -0.78515625f;
  static final float QUARTER_PI_MID = -2.4187564849853515625E-4f;
  static final float QUARTER_PI_LOW = -3.77489497744594108E-8f;
  static final float COS_2 = 2.443315711809948E-5f;
  static final float COS_1 = -1.388731625493765E-3f;
  static final float COS_0 = 4.166664568298827E-2f;
  static final float SIN_2 = -1.9515295891E-4f;
  static final float SIN_1 = 8.3321608736E-3f;
  static final float SIN_0 = -1.6666654611E-1f;

  static final int MANTISSA_BITS = 23;
  static final int MANTISSA_MASK = 0x007FFFFF;

  /** Exponent field of the floats in [0.5, 1). */
  static final int HALF_BITS = 0x3F000000;

  /** Exponent field minus this is the exponent of a mantissa in [0.5, 1). */
  static final int HALF_EXPONENT = 126;

  private CephesCoefficients() {}
}
