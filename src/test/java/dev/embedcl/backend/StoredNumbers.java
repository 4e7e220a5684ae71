package dev.embedcl.backend;

import dev.embedcl.memory.DType;
import org.jspecify.annotations.Nullable;

/**
 * What the storage types do to a number, by arithmetic in float64 instead of on bits: the two
 * neighbours of a number among the type's numbers, and which of them it becomes.
 */
public final class StoredNumbers {

  private StoredNumbers() {}

  /** Returns the number of these bits; float32's own bits for that type. */
  public static float widen(DType type, int bits) {
    return switch (type) {
      case FLOAT32 -> Float.intBitsToFloat(bits);
      case FLOAT16, BFLOAT16 -> {
        int fractionBits = fractionBits(type);
        int exponents = 1 << (15 - fractionBits);
        int exponent = (bits & 0x7fff) >> fractionBits;
        int fraction = bits & ((1 << fractionBits) - 1);
        int bias = exponents / 2 - 1;
        double magnitude =
            exponent == 0
                ? Math.scalb((double) fraction, 1 - bias - fractionBits)
                : Math.scalb(
                    (double) (fraction + (1 << fractionBits)), exponent - bias - fractionBits);
        if (exponent == exponents - 1) {
          magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
        }
        yield (float) ((bits & 0x8000) == 0 ? magnitude : -magnitude);
      }
      case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL ->
          throw new IllegalArgumentException(type + " stores no table");
    };
  }

  /** Returns the bits of the nearest number, the even one of two; one NaN for all. */
  public static int narrow(DType type, float value) {
    return narrow(type, value, null);
  }

  /** Returns the bits of one of the two neighbours, by the random bits of a StochasticUpdate. */
  public static int narrowStochastically(DType type, float value, int random) {
    return narrow(type, value, random);
  }

  private static int narrow(DType type, float value, @Nullable Integer random) {
    if (type == DType.FLOAT32) {
      return Float.floatToRawIntBits(value);
    }
    int infinity = ((1 << (15 - fractionBits(type))) - 1) << fractionBits(type);
    if (Float.isNaN(value)) {
      return infinity | 1 << (fractionBits(type) - 1);
    }
    int sign = Float.floatToRawIntBits(value) >>> 31 << 15;
    double magnitude = Math.abs((double) value);
    // The largest number that is not above; infinity counts as one more step beyond the largest.
    int low = 0;
    int high = infinity;
    while (high - low > 1) {
      int middle = (low + high) / 2;
      if (widen(type, middle) <= magnitude) {
        low = middle;
      } else {
        high = middle;
      }
    }
    double below = widen(type, low);
    double above = 2.0 * widen(type, low) - widen(type, low - (low > 0 ? 1 : 0));
    if (low + 1 < infinity) {
      above = widen(type, low + 1);
    }
    if (magnitude >= above) {
      return sign | infinity;
    }
    double share = (magnitude - below) / (above - below);
    boolean up;
    if (random == null) {
      up = share > 0.5 || (share == 0.5 && low % 2 == 1);
    } else {
      up = share > threshold(type, magnitude, random);
    }
    return sign | (up ? low + 1 : low);
  }

  /** Returns the share of the way to the upper neighbour from where on it is taken. */
  private static double threshold(DType type, double magnitude, int random) {
    if (type == DType.FLOAT16 && magnitude < 0x1p-14) {
      return (random >>> 8) * 0x1p-24;
    }
    int dropped = 23 - fractionBits(type);
    int drawn = random & ((1 << dropped) - 1);
    // Up where share + drawn / 2^dropped is at least 1; shares are multiples of 1 / 2^dropped.
    return 1 - (drawn + 0.5) * Math.scalb(1.0, -dropped);
  }

  private static int fractionBits(DType type) {
    return type == DType.FLOAT16 ? 10 : 7;
  }
}
