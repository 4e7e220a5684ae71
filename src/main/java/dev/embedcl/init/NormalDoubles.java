package dev.embedcl.init;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Normal values of float64 from a generator: PyTorch's {@code normal_fill} for doubles, which has
 * one build for every processor. Blocks of 16 are drawn and transformed one after the other, which
 * takes the same steps of the stream as drawing all first.
 */
final class NormalDoubles {
  private static final ValueLayout.OfDouble DOUBLE =
      ValueLayout.JAVA_DOUBLE_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final int BLOCK = BoxMuller.BLOCK;

  private final TorchGenerator generator;
  private final double[] block = new double[BLOCK];

  NormalDoubles(TorchGenerator generator) {
    this.generator = generator;
  }

  void fill(MemorySegment target, double mean, double std) {
    requireArguments(target, mean, std);
    long elements = target.byteSize() / Double.BYTES;
    if (elements < BLOCK) {
      for (long i = 0; i < elements; i++) {
        target.set(DOUBLE, i * Double.BYTES, generator.nextNormal() * std + mean);
      }
      return;
    }
    int rest = (int) (elements % BLOCK);
    for (long first = 0; first < elements - rest; first += BLOCK) {
      fillBlock(target, first, mean, std);
    }
    if (rest != 0) {
      // The elements beyond the last block take their steps of the stream, but what they draw is
      // overwritten.
      for (int i = 0; i < rest; i++) {
        generator.nextDouble();
      }
      fillBlock(target, elements - BLOCK, mean, std);
    }
  }

  private void fillBlock(MemorySegment target, long first, double mean, double std) {
    for (int i = 0; i < BLOCK; i++) {
      block[i] = generator.nextDouble();
    }
    for (int i = 0; i < BLOCK / 2; i++) {
      double radius = Math.sqrt(-2 * StrictMath.log(1 - block[i]));
      double theta = 2 * Math.PI * block[i + BLOCK / 2];
      block[i] = radius * StrictMath.cos(theta) * std + mean;
      block[i + BLOCK / 2] = radius * StrictMath.sin(theta) * std + mean;
    }
    MemorySegment.copy(block, 0, target, DOUBLE, first * Double.BYTES, BLOCK);
  }

  private static void requireArguments(MemorySegment target, double mean, double std) {
    if (!Double.isFinite(mean)) {
      throw new IllegalArgumentException("mean = " + mean + " is not a finite number");
    }
    if (!(std >= 0 && Double.isFinite(std))) {
      throw new IllegalArgumentException(
          "std = " + std + "; give a finite number that is not negative");
    }
    if (target.isReadOnly()) {
      throw new IllegalArgumentException("target is read-only; give memory that may be written");
    }
    if (target.byteSize() % Double.BYTES != 0) {
      throw new IllegalArgumentException(
          "target has " + target.byteSize() + " bytes, not a multiple of " + Double.BYTES);
    }
  }
}
