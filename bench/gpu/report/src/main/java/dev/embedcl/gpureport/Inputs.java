package dev.embedcl.gpureport;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

  /** Returns a whole number in [0, limit), from the upper 53 bits. */
  static long below(long seed, long index, long limit) {
    return (bits(seed, index) >>> 11) % limit;
  }

  /** Fills native memory with numbers. */
  static void fill(MemorySegment floats, long seed) {
    long count = floats.byteSize() / Float.BYTES;
    LongStream.range(0, (count + CHUNK - 1) / CHUNK)
        .parallel()
        .forEach(chunk -> {
          for (long i = chunk * CHUNK; i < Math.min(count, (chunk + 1) * CHUNK); i++) {
            floats.setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, number(seed, i));
          }
        });
  }

  /** Returns the sum of all 32-bit words, each taken as a signed number, modulo 2^64. */
  static long sumOfWords(MemorySegment words) {
    long count = words.byteSize() / Integer.BYTES;
    return LongStream.range(0, (count + CHUNK - 1) / CHUNK)
        .parallel()
        .map(chunk -> {
          long sum = 0;
          for (long i = chunk * CHUNK; i < Math.min(count, (chunk + 1) * CHUNK); i++) {
            sum += words.getAtIndex(ValueLayout.JAVA_INT_UNALIGNED, i);
          }
          return sum;
        })
        .sum();
  }
}
