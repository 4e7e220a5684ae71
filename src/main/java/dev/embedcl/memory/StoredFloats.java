package dev.embedcl.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads and writes single numbers of a floating-point type as float64. */
enum StoredFloats {
  FLOAT64 {
    @Override
    double get(MemorySegment from, long element) {
      return from.get(DOUBLE, 8 * element);
    }

    @Override
    void set(MemorySegment to, long element, double value) {
      to.set(DOUBLE, 8 * element, value);
    }
  },
  FLOAT32 {
    @Override
    double get(MemorySegment from, long element) {
      return from.get(FLOAT, 4 * element);
    }

    @Override
    void set(MemorySegment to, long element, double value) {
      to.set(FLOAT, 4 * element, (float) value);
    }
  },
  FLOAT16 {
    @Override
    double get(MemorySegment from, long element) {
      return Float.float16ToFloat(from.get(SHORT, 2 * element));
    }

    @Override
    void set(MemorySegment to, long element, double value) {
      to.set(SHORT, 2 * element, Float.floatToFloat16(toOdd(value)));
    }
  },
  BFLOAT16 {
    @Override
    double get(MemorySegment from, long element) {
      return Bfloat16.toFloat(from.get(SHORT, 2 * element));
    }

    @Override
    void set(MemorySegment to, long element, double value) {
      to.set(SHORT, 2 * element, Bfloat16.fromFloat(toOdd(value)));
    }
  };

  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Returns the access to a type. */
  static StoredFloats of(DType type) {
    return switch (type) {
      case FLOAT64 -> FLOAT64;
      case FLOAT32 -> FLOAT32;
      case FLOAT16 -> FLOAT16;
      case BFLOAT16 -> BFLOAT16;
      case INT64, INT32, INT16, INT8, UINT8, BOOL ->
          throw new IllegalArgumentException(
              type + " cannot be converted; only FLOAT64, FLOAT32, FLOAT16 and BFLOAT16 can");
    };
  }

  /** Returns an element, widened. */
  abstract double get(MemorySegment from, long element);

  /** Writes an element, rounded to the nearest. */
  abstract void set(MemorySegment to, long element, double value);

  /**
   * Returns the float32 that rounds to the number of 16 bits that {@code value} itself is nearest
   * to: of float32's neighbours of {@code value} the one whose last bit is 1, so that what the
   * first rounding takes for the middle between two numbers is one.
   */
  private static float toOdd(double value) {
    float near = (float) value;
    if (near == value || (Float.floatToRawIntBits(near) & 1) != 0) {
      return near;
    }
    return near < value ? Math.nextUp(near) : Math.nextDown(near);
  }
}
