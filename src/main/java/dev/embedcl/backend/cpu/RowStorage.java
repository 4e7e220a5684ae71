package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.embedcl.memory.DType;
import dev.embedcl.op.StochasticUpdate;
import java.lang.foreign.MemorySegment;

/**
 * Brings strips of rows of any storage type into arrays of float32, and back.
 *
 * <p>The conversions run over arrays that stay in the first-level cache: the compiler makes the
 * processor's own instructions of the float16 loops there, which took a third of the time of the
 * same conversion in integers of the Vector API. Holds working memory, so each thread has its own.
 */
final class RowStorage {
  /** Most columns that are converted in one call. */
  static final int STRIP = 512;

  private final Bfloat16Loops bfloat16;
  private final QuantizedLoops quantized;
  private final short[] bits = new short[STRIP];
  private final short[][] rowBits = new short[RowKernels.ROWS][STRIP];
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
        widenFloat16(bits, to, width);
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
        narrowFloat16(from, bits, width);
        MemorySegment.copy(bits, 0, to, JAVA_SHORT_UNALIGNED, at, width);
      }
      case BFLOAT16 -> {
        bfloat16.narrow(from, bits, width);
        MemorySegment.copy(bits, 0, to, JAVA_SHORT_UNALIGNED, at, width);
      }
      case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> throw unsupported(type);
    }
  }

  /**
   * Adds to float16 numbers of several rows, and writes the sums as such: {@link #load}, additions
   * and {@link #store} in one pass. All rows are on their way from memory before the first is
   * worked on.
   *
   * @param rowAt where the rows start, in bytes
   * @param count from 1 to {@link RowKernels#ROWS}
   * @param toAt where the sums of each start, in bytes
   * @param first how far behind these the columns are, in bytes
   * @param width at most {@link #STRIP}
   */
  void addFloat16(
      MemorySegment from,
      long[] rowAt,
      int count,
      float[] added,
      MemorySegment to,
      long[] toAt,
      long first,
      int width) {
    for (int i = 0; i < count; i++) {
      long at = rowAt[i] + first;
      MemorySegment.copy(from, JAVA_SHORT_UNALIGNED, at, rowBits[i], 0, width);
    }
    for (int i = 0; i < count; i++) {
      addFloat16(rowBits[i], added, bits, width);
      MemorySegment.copy(bits, 0, to, JAVA_SHORT_UNALIGNED, toAt[i] + first, width);
    }
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

  private static void widenFloat16(short[] from, float[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = Float.float16ToFloat(from[i]);
    }
  }

  private static void narrowFloat16(float[] from, short[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = Float.floatToFloat16(from[i]);
    }
  }

  /** To another array: in place the compiler makes no vectors of it where vectors have 512 bits. */
  private static void addFloat16(short[] from, float[] added, short[] to, int width) {
    for (int i = 0; i < width; i++) {
      to[i] = Float.floatToFloat16(Float.float16ToFloat(from[i]) + added[i]);
    }
  }

  private static IllegalArgumentException unsupported(DType type) {
    return new IllegalArgumentException("rows of " + type + "; a matrix has none of them");
  }
}
