package dev.embedcl.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Reads and writes single numbers of a floating-point type as float32. */
enum StoredFloats {
  FLOAT32 {
    @Override
    float get(MemorySegment from, long element) {
      return from.get(FLOAT, 4 * element);
    }

    @Override
    void set(MemorySegment to, long element, float value) {
      to.set(FLOAT, 4 * element, value);
    }
  },
  FLOAT16 {
    @Override
    float get(MemorySegment from, long element) {
      return Float.float16ToFloat(from.get(SHORT, 2 * element));
    }

    @Override
    void set(MemorySegment to, long element, float value) {
      to.set(SHORT, 2 * element, Float.floatToFloat16(value));
    }
  },
  BFLOAT16 {
    @Override
    float get(MemorySegment from, long element) {
      return Bfloat16.toFloat(from.get(SHORT, 2 * element));
    }

    @Override
    void set(MemorySegment to, long element, float value) {
      to.set(SHORT, 2 * element, Bfloat16.fromFloat(value));
    }
  };

  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Returns the access to a type. */
  static StoredFloats of(DType type) {
    return switch (type) {
      case FLOAT32 -> FLOAT32;
      case FLOAT16 -> FLOAT16;
      case BFLOAT16 -> BFLOAT16;
      case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL ->
          throw new IllegalArgumentException(
              type + " cannot be converted; only FLOAT32, FLOAT16 and BFLOAT16 can");
    };
  }

  /** Returns an element, widened. */
  abstract float get(MemorySegment from, long element);

  /** Writes an element, rounded to the nearest. */
  abstract void set(MemorySegment to, long element, float value);
}
