package dev.embedcl.init;

/**
 * The Box-Muller transform over blocks of 16 floats: the first 8 uniforms of a block give the
 * radii, the last 8 the angles; the cosines' products replace the first 8, the sines' the last 8.
 * An implementation may have working memory, so it is for one thread at a time.
 */
interface BoxMuller {
  /** Elements transformed together. */
  int BLOCK = 16;

  /** Uniforms for radii in the first half of a block, and for angles in the second. */
  int HALF = BLOCK / 2;

  /**
   * Replaces uniforms in [0, 1) by normal values.
   *
   * @param data uniforms in [0, length), which become normal values
   * @param length a multiple of 16
   */
  void transform(float[] data, int length, float mean, float std);

  /** Returns the implementation with the arithmetic of {@code capability}. */
  static BoxMuller of(CpuCapability capability) {
    return switch (capability) {
      case AVX2 -> new CephesBoxMuller();
      case DEFAULT -> new RoundedBoxMuller();
    };
  }
}
