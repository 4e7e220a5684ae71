package dev.embedcl.init;

/**
 * The Box-Muller transform over blocks of 16 floats: the first 8 uniforms of a block give the
 * radii, the last 8 the angles; the cosines' products replace the first 8, the sines' the last 8.
 *
 * <p>The work goes in stages, each a plain loop over arrays short enough for the first-level cache:
 * this is what the JIT compiler turns into vector instructions, where one loop over everything
 * would stay scalar. The subclasses give the stages whose rounding differs. The arrays are working
 * memory, so an instance is for one thread at a time.
 */
abstract class BoxMuller {
  /** Elements transformed together. */
  static final int BLOCK = 16;

  /** Uniforms for radii in the first half of a block, and for angles in the second. */
  private static final int HALF = BLOCK / 2;

  /** Pairs of values per pass through the stages; a multiple of {@link #HALF}. */
  private static final int PAIRS = 512;

  private static final int MANTISSA_BITS = 23;
  private static final int MANTISSA_MASK = 0x007FFFFF;

  /**
   * Exponent field of the floats in [0.5, 1), and what to subtract from a field to have their
   * exponent.
   */
  private static final int HALF_BITS = 0x3F000000;

  private static final int HALF_EXPONENT = 126;
  private static final int SQRT_HALF_BITS = Float.floatToRawIntBits((float) Math.sqrt(0.5));

  /** First 1 - u, then its mantissa less 1, then the radius. */
  final float[] radius = new float[PAIRS];

  /** Exponent of 1 - u, for a mantissa in [sqrt(1/2), sqrt(2)). */
  final float[] exponent = new float[PAIRS];

  /** First u, then the angle. */
  final float[] angle = new float[PAIRS];

  /** Nearest multiple of a quarter turn, from 0 to 4. */
  final int[] quadrant = new int[PAIRS];

  /** First cosine and sine of the angle less its quadrant, then the normal values. */
  final float[] cos = new float[PAIRS];

  final float[] sin = new float[PAIRS];

  private final float[] swap = new float[PAIRS];
  private final float[] cosSign = new float[PAIRS];
  private final float[] sinSign = new float[PAIRS];

  /** Returns the transform with the arithmetic of {@code capability}. */
  static BoxMuller of(CpuCapability capability) {
    return switch (capability) {
      case AVX2 -> new CephesBoxMuller();
      case DEFAULT -> new RoundedBoxMuller();
    };
  }

  /**
   * Replaces uniforms in [0, 1), multiples of 2^-24, by standard normal values.
   *
   * @param data uniforms in [0, length), which become normal values
   * @param length a multiple of 16
   */
  final void transform(float[] data, int length) {
    for (int first = 0; first < length; first += 2 * PAIRS) {
      int pairs = Math.min(PAIRS, (length - first) / 2);
      split(data, first, pairs);
      normalize(pairs);
      radii(pairs);
      cosinesAndSines(pairs);
      signs(pairs);
      combine(pairs);
      join(data, first, pairs);
    }
  }

  /**
   * Puts sqrt(-2 ln u) in {@link #radius} for u = (1 + radius) 2^{@link #exponent}, in which radius
   * is exact and lies in [sqrt(1/2) - 1, sqrt(2) - 1).
   */
  abstract void radii(int pairs);

  /**
   * Takes uniforms from {@link #angle}; fills {@link #quadrant}, and {@link #cos} and {@link #sin}
   * for 2 pi times the uniform less a quarter turn per quadrant.
   */
  abstract void cosinesAndSines(int pairs);

  private void split(float[] data, int first, int pairs) {
    for (int i = 0; i < pairs; i += HALF) {
      int block = first + 2 * i;
      for (int j = 0; j < HALF; j++) {
        radius[i + j] = 1f - data[block + j];
        angle[i + j] = data[block + HALF + j];
      }
    }
  }

  private void normalize(int pairs) {
    for (int i = 0; i < pairs; i++) {
      int bits = Float.floatToRawIntBits(radius[i]);
      int halfToOne = (bits & MANTISSA_MASK) | HALF_BITS;
      // All ones if the mantissa is below sqrt(1/2) and is to be doubled, else 0. Both sums below
      // are exact.
      int low = (halfToOne - SQRT_HALF_BITS) >> (Integer.SIZE - 1);
      exponent[i] = (bits >>> MANTISSA_BITS) - HALF_EXPONENT + low;
      radius[i] = (Float.intBitsToFloat(halfToOne) - 1f) + Float.intBitsToFloat(halfToOne & low);
    }
  }

  /**
   * Whether the quadrant exchanges cosine and sine, as 1 or 0, and the signs it gives them, as 1 or
   * -1.
   */
  private void signs(int pairs) {
    for (int i = 0; i < pairs; i++) {
      int q = quadrant[i];
      swap[i] = q & 1;
      cosSign[i] = 1 - ((q + 1) & 2);
      sinSign[i] = 1 - (q & 2);
    }
  }

  /**
   * Puts the normal values in place of cosines and sines. Selecting by factors of 1, 0 and -1 is
   * exact.
   */
  private void combine(int pairs) {
    for (int i = 0; i < pairs; i++) {
      float c = cos[i];
      float s = sin[i];
      float swapped = swap[i];
      float kept = 1f - swapped;
      cos[i] = radius[i] * (cosSign[i] * (c * kept + s * swapped));
      sin[i] = radius[i] * (sinSign[i] * (s * kept + c * swapped));
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
