package dev.embedcl.init;

/**
 * {@link CpuCapability#DEFAULT}: float arithmetic around correctly rounded logarithm, cosine and
 * sine.
 *
 * <p>The three are Taylor series in double precision, cut where what is left out is below 2^-52 of
 * the sum, then rounded to float. A test compares them with {@link StrictMath}, rounded likewise,
 * for all of the 2^24 arguments there are.
 */
final class RoundedBoxMuller extends BoxMuller {
  private static final double LN_2 = 0x1.62e42fefa39efp-1;
  private static final float TWO_OVER_PI = (float) (2 / Math.PI);

  /**
   * Half of pi as a sum: small multiples of the first part are exact, the second holds the next 53
   * bits.
   */
  private static final double HALF_PI_HIGH = 0x1.921fb544p0;

  private static final double HALF_PI_LOW = 0x1.0b4611a626331p-34;

  /**
   * ln(1 + x) = 2 (s + s^3/3 + s^5/5 + ...) with s = x / (2 + x), of which |s| is at most 0.172
   * here.
   */
  @Override
  void radii(int pairs) {
    for (int i = 0; i < pairs; i++) {
      double x = radius[i];
      double s = x / (2 + x);
      double z = s * s;
      double y = 1.0 / 21;
      y = y * z + 1.0 / 19;
      y = y * z + 1.0 / 17;
      y = y * z + 1.0 / 15;
      y = y * z + 1.0 / 13;
      y = y * z + 1.0 / 11;
      y = y * z + 1.0 / 9;
      y = y * z + 1.0 / 7;
      y = y * z + 1.0 / 5;
      y = y * z + 1.0 / 3;
      double log = exponent[i] * LN_2 + 2 * (s + s * (z * y));
      radius[i] = (float) Math.sqrt(-2f * (float) log);
    }
  }

  @Override
  void cosinesAndSines(int pairs) {
    quadrants(pairs);
    for (int i = 0; i < pairs; i++) {
      double quarters = quadrant[i];
      double x = (angle[i] - quarters * HALF_PI_HIGH) - quarters * HALF_PI_LOW;
      double z = x * x;
      double c = 1.0 / 20_922_789_888_000L; // 16!
      c = c * z - 1.0 / 87_178_291_200L; // 14!
      c = c * z + 1.0 / 479_001_600; // 12!
      c = c * z - 1.0 / 3_628_800; // 10!
      c = c * z + 1.0 / 40_320; // 8!
      c = c * z - 1.0 / 720; // 6!
      c = c * z + 1.0 / 24; // 4!
      cos[i] = (float) (1 - (z / 2 - z * z * c));
      double s = 1.0 / 355_687_428_096_000L; // 17!
      s = s * z - 1.0 / 1_307_674_368_000L; // 15!
      s = s * z + 1.0 / 6_227_020_800L; // 13!
      s = s * z - 1.0 / 39_916_800; // 11!
      s = s * z + 1.0 / 362_880; // 9!
      s = s * z - 1.0 / 5_040; // 7!
      s = s * z + 1.0 / 120; // 5!
      s = s * z - 1.0 / 6; // 3!
      sin[i] = (float) (x + x * (z * s));
    }
  }

  private void quadrants(int pairs) {
    for (int i = 0; i < pairs; i++) {
      float theta = (float) (2 * Math.PI * angle[i]);
      angle[i] = theta;
      quadrant[i] = (int) (theta * TWO_OVER_PI + 0.5f);
    }
  }
}
