package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.embedcl.memory.DType;
import dev.embedcl.op.StochasticUpdate;
import java.lang.foreign.MemorySegment;

/**
 * Brings strips of rows of any storage type into arrays of float32, and back.
 *
 * <p>The conversions run over arrays that stay in the first-level cache. Holds working memory, so
 * each thread has its own.
 */
final class RowStorage {
  /**
   * Most columns that are converted in one call. To begin and end one of the compiler's vector
   * loops took as long as 500 columns or more, so strips are long.
   */
  static final int STRIP = 1024;

  private final Float16Loops float16 = new Float16Loops();
  private final Bfloat16Loops bfloat16;
  private final QuantizedLoops quantized;
  private final short[] bits = new short[STRIP];
  private final int[] random = new int[STRIP + 2 * Philox.WORDS];

  RowStorage(Bfloat16Loops bfloat16, QuantizedLoops quantized) {
    this.bfloat16 = bfloat16;
    this.quantized = quantized;
  }

  /** The loops over bfloat16, with the Vector API or without. */
  interface Bfloat16Loops {
    /** Widens the first {@code width} numbers. */
    void widen(short[] from, float[] to, int width);

    /** Rounds the first {@code width} numbers to the nearest, the even one of two. */
    void narrow(float[] from, short[] to, int width);

    /**
     * As {@link RowKernels#addToRows}, all rows of bfloat16, sums rounded as by {@link #narrow}.
     */
    void addToRows(
        MemorySegment rows,
        long[] rowAt,
        int count,
        MemorySegment common,
        long commonAt,
        MemorySegment to,
        long[] toAt,
        int columns);

    /**
     * As {@link RowKernels#step}, a table of bfloat16, rounded as by {@link #narrow}.
     *
     * @param toAt where the rows would start in bytes, if the table were float32
     */
    void step(
        MemorySegment rows,
        long[] rowAt,
        int count,
        float rate,
        MemorySegment to,
        long[] toAt,
        int columns);
  }

  /** The loop over quantised rows, with the Vector API or without. */
  interface QuantizedLoops {
    /**
     * Gives {@code q * scale + offset} of {@code width} unsigned bytes, each operation rounded.
     *
     * @param at where they start, in bytes
     * @param width at most {@link #STRIP}
     */
    void dequantize(MemorySegment rows, long at, float scale, float offset, float[] to, int width);
  }

  /**
   * Dequantises elements of a row of {@link dev.embedcl.op.QuantizedMatrix} that lie side by side.
   *
   * @param at where they start, in bytes
   * @param tailAt where the row's scale stands, in bytes
   * @param width at most {@link #STRIP}
   */
  void loadQuantized(MemorySegment from, long at, long tailAt, float[] to, int width) {
    quantized.dequantize(
        from,
        at,
        from.get(JAVA_FLOAT_UNALIGNED, tailAt),
        from.get(JAVA_FLOAT_UNALIGNED, tailAt + Float.BYTES),
        to,
        width);
  }

  /**
   * Widens elements that lie side by side.
   *
   * @param at where they start, in bytes
   * @param width at most {@link #STRIP}
   */
  void load(DType type, MemorySegment from, long at, float[] to, int width) {
    switch (type) {
      case FLOAT32 -> MemorySegment.copy(from, JAVA_FLOAT_UNALIGNED, at, to, 0, width);
      case FLOAT16 -> {
        MemorySegment.copy(from, JAVA_SHORT_UNALIGNED, at, bits, 0, width);
        Float16Loops.widen(bits, to, width);
      }
      case BFLOAT16 -> {
        MemorySegment.copy(from, JAVA_SHORT_UNALIGNED, at, bits, 0, width);
        bfloat16.widen(bits, to, width);
      }
      case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> throw unsupported(type);
    }
  }

  /**
   * Rounds elements to the nearest, the even one of two, and writes them side by side.
   *
   * @param at where they start, in bytes
   * @param width at most {@link #STRIP}
   */
  void store(DType type, float[] from, MemorySegment to, long at, int width) {
    switch (type) {
      case FLOAT32 -> MemorySegment.copy(from, 0, to, JAVA_FLOAT_UNALIGNED, at, width);
      case FLOAT16 -> {
        Float16Loops.narrow(from, bits, width);
        MemorySegment.copy(bits, 0, to, JAVA_SHORT_UNALIGNED, at, width);
      }
      case BFLOAT16 -> {
        bfloat16.narrow(from, bits, width);
        MemorySegment.copy(bits, 0, to, JAVA_SHORT_UNALIGNED, at, width);
      }
      case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> throw unsupported(type);
    }
  }

  /** Returns the loops over rows that are float16 in memory. */
  Float16Loops float16() {
    return float16;
  }

  /** Returns the loops over rows that are bfloat16 in memory. */
  Bfloat16Loops bfloat16() {
    return bfloat16;
  }

  /**
   * Rounds elements at random as {@link StochasticUpdate} prescribes, and writes them side by side.
   *
   * @param element the number of the first in its table
   * @param at where they start, in bytes
   * @param width at most {@link #STRIP}
   */
  void store(
      DType type,
      StochasticUpdate rounding,
      long element,
      float[] from,
      MemorySegment to,
      long at,
      int width) {
    int first = Philox.fill(rounding.seed(), rounding.step(), element, width, random);
    switch (type) {
      case FLOAT16 -> {
        for (int i = 0; i < width; i++) {
          bits[i] = StochasticRounding.toFloat16(from[i], random[first + i]);
        }
      }
      case BFLOAT16 -> {
        for (int i = 0; i < width; i++) {
          bits[i] = StochasticRounding.toBfloat16(from[i], random[first + i]);
        }
      }
      case FLOAT32, FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> throw unsupported(type);
    }
    MemorySegment.copy(bits, 0, to, JAVA_SHORT_UNALIGNED, at, width);
  }

  private static IllegalArgumentException unsupported(DType type) {
    return new IllegalArgumentException("rows of " + type + "; a matrix has none of them");
  }
}
