package dev.embedcl.memory;

/**
 * The conversions of {@link DType#BFLOAT16}, as {@link Float#floatToFloat16} and {@link
 * Float#float16ToFloat} are those of {@link DType#FLOAT16}.
 */
public final class Bfloat16 {
  private static final short QUIET_NAN = 0x7fc0;

  private Bfloat16() {}

  /**
   * Returns the bits of the nearest bfloat16, of the even one of two that are equally near. Numbers
   * from the middle between the largest one and 2^128 on become infinite; every NaN becomes {@code
   * 0x7fc0}.
   */
  public static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? QUIET_NAN : (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }

  /** Returns the number with these bits, exactly. */
  public static float toFloat(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }
}
