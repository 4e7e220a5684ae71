package dev.embedcl.nn;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;

/**
 * Fills a buffer with standard normal values in parts, so that a table larger than half the memory
 * can be drawn.
 *
 * <p>The generator transforms blocks of 16 values and treats the end of a fill in a way of its own,
 * so every part is a multiple of 16 but the last, and the last is never shorter than the others:
 * the values are those of a single fill.
 */
final class NormalFill {
  /** Values to a part; a multiple of 16, and enough for all threads to draw them together. */
  static final int PART = 1 << 20;

  private NormalFill() {}

  /**
   * Fills a buffer of any type that tables have: float64 with values of its own, others with those
   * of float32, rounded to the nearest of the type's.
   */
  static void fill(DeviceBuffer buffer, TorchGenerator generator) {
    fill(buffer, 0, generator);
  }

  /** Fills what follows an element, from that on. */
  static void fill(DeviceBuffer buffer, long from, TorchGenerator generator) {
    long elements = buffer.elements() - from;
    long most = Math.min(elements, 2L * PART);
    DType drawn = buffer.type() == DType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
    try (HostTensor host = HostTensor.allocate(drawn, Shape.of(most))) {
      for (long first = 0; first < elements; ) {
        long left = elements - first;
        long count = left < 2L * PART ? left : PART;
        MemorySegment part = host.segment().asSlice(0, count * drawn.bytes());
        if (drawn == DType.FLOAT64) {
          generator.fillNormalDoubles(part, 0, 1);
        } else {
          generator.fillNormal(part, 0, 1);
        }
        write(buffer, from + first, HostTensor.wrap(drawn, Shape.of(count), part));
        first += count;
      }
    }
  }

  private static void write(DeviceBuffer buffer, long first, HostTensor part) {
    if (buffer.type() == part.type()) {
      buffer.write(first, part.segment());
      return;
    }
    try (HostTensor rounded = part.to(buffer.type())) {
      buffer.write(first, rounded.segment());
    }
  }
}
