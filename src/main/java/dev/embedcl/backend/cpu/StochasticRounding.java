package dev.embedcl.backend.cpu;

/** The roundings of {@link dev.embedcl.op.StochasticUpdate}, of one number each. */
final class StochasticRounding {
  private static final int SIGN = 0x80000000;
  private static final int INFINITY = 0x7f800000;

  private StochasticRounding() {}

  static short toBfloat16(float value, int random) {
    int bits = Float.floatToRawIntBits(value);
    if ((bits & ~SIGN) > INFINITY) {
      return (short) 0x7fc0;
    }
    return (short) ((bits + (random & 0xffff)) >>> 16);
  }

  static short toFloat16(float value, int random) {
    int bits = Float.floatToRawIntBits(value);
    int magnitude = bits & ~SIGN;
    int sign = (bits & SIGN) >>> 16;
    if (magnitude > INFINITY) {
      return 0x7e00;
    }
    int rounded;
    if (magnitude >= 0x47800000) { // 2^16
      rounded = 0x7c00;
    } else if (magnitude >= 0x38800000) { // 2^-14
      // The exponent counts from 127 in float32 and from 15 here.
      rounded = (magnitude - (112 << 23) + (random & 0x1fff)) >>> 13;
    } else {
      float units = Float.intBitsToFloat(magnitude) * 0x1p24f;
      rounded = (int) units;
      if (units - rounded > (random >>> 8) * 0x1p-24f) {
        rounded++;
      }
    }
    return (short) (sign | rounded);
  }
}
