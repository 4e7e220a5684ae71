package dev.embedcl.gpureport;

import dev.embedcl.memory.Bfloat16;
import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.LongUnaryOperator;
import java.util.stream.LongStream;

/**
 * Numbers that anybody can compute again, in any language: splitmix64 of seed and index. {@code
 * bench/peers/torch_gpu.py} has the same formulas.
 */
final class Inputs {
  static final long WEIGHT_SEED = 1;
  static final long POSITIONS_SEED = 2;
  static final long GRAD_OUTPUT_SEED = 3;
  static final long SAMPLE_SEED = 4;

  /** The ids of the k-th batch come from this seed plus k. */
  static final long IDS_SEED = 100;

  private static final int CHUNK = 1 << 16;

  private Inputs() {}

  /** Returns the number at {@code index} of the splitmix64 sequence that starts at {@code seed}. */
  static long bits(long seed, long index) {
    long z = seed + (index + 1) * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Returns a multiple of 2^-24 in [-0.5, 0.5): the upper 24 bits, less 2^23. */
  static float number(long seed, long index) {
    return ((bits(seed, index) >>> 40) - (1L << 23)) * 0x1p-24f;
  }

  /** Returns a multiple of 2^-8 in [-0.5, 0.5), which every type has: the upper 8 bits. */
  static float coarseNumber(long seed, long index) {
    return ((bits(seed, index) >>> 56) - (1L << 7)) * 0x1p-8f;
  }

  /** Returns a whole number in [0, limit), from the upper 53 bits. */
  static long below(long seed, long index, long limit) {
    return (bits(seed, index) >>> 11) % limit;
  }

  /** Fills native memory with numbers, rounded to the nearest of a type, from an index on. */
  static void fill(MemorySegment target, DType type, long seed, long index) {
    long count = target.byteSize() / type.bytes();
    for (long i = 0; i < count; i++) {
      set(target, type, i, number(seed, index + i));
    }
  }

  /**
   * Fills rows of a table in all processors.
   *
   * @param target [rows, columns]
   * @param rowOf gives the number of a row in the table that the numbers are counted by
   */
  static void fillRows(
      MemorySegment target, DType type, int columns, long seed, LongUnaryOperator rowOf) {
    long rowBytes = (long) columns * type.bytes();
    LongStream.range(0, target.byteSize() / rowBytes)
        .parallel()
        .forEach(row ->
            fill(
                target.asSlice(row * rowBytes, rowBytes),
                type,
                seed,
                rowOf.applyAsLong(row) * columns));
  }

  /** Fills native memory with float32 numbers from index 0 on, coarse ones where asked for. */
  static void fillGradient(MemorySegment floats, boolean coarse) {
    long count = floats.byteSize() / Float.BYTES;
    LongStream.range(0, (count + CHUNK - 1) / CHUNK)
        .parallel()
        .forEach(chunk -> {
          for (long i = chunk * CHUNK; i < Math.min(count, (chunk + 1) * CHUNK); i++) {
            float value = coarse ? coarseNumber(GRAD_OUTPUT_SEED, i) : number(GRAD_OUTPUT_SEED, i);
            set(floats, DType.FLOAT32, i, value);
          }
        });
  }

  /** Returns an element as float32. */
  static float at(MemorySegment memory, DType type, long index) {
    return switch (type) {
      case FLOAT16 -> Float.float16ToFloat(shortAt(memory, index));
      case BFLOAT16 -> Bfloat16.toFloat(shortAt(memory, index));
      case INT32 -> memory.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, index);
      default -> memory.getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index);
    };
  }

  private static short shortAt(MemorySegment memory, long index) {
    return memory.getAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index);
  }

  private static void set(MemorySegment memory, DType type, long index, float value) {
    switch (type) {
      case FLOAT16 ->
          memory.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index, Float.floatToFloat16(value));
      case BFLOAT16 ->
          memory.setAtIndex(ValueLayout.JAVA_SHORT_UNALIGNED, index, Bfloat16.fromFloat(value));
      default -> memory.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, index, value);
    }
  }

  /**
   * Returns the sum of all elements' bits, each taken as a signed number of its size, modulo 2^64.
   */
  static long sumOfBits(MemorySegment memory, DType type) {
    long count = memory.byteSize() / type.bytes();
    return LongStream.range(0, (count + CHUNK - 1) / CHUNK)
        .parallel()
        .map(chunk -> {
          long sum = 0;
          for (long i = chunk * CHUNK; i < Math.min(count, (chunk + 1) * CHUNK); i++) {
            sum +=
                type.bytes() == Short.BYTES
                    ? shortAt(memory, i)
                    : memory.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
          }
          return sum;
        })
        .sum();
  }
}
