package dev.embedcl.nn;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DeviceBuffer;
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
  /** Values to a part; a multiple of 16. */
  static final int PART = 1 << 16;

  private NormalFill() {}

  static void fill(DeviceBuffer buffer, TorchGenerator generator) {
    fill(buffer, 0, generator);
  }

  /** Fills what follows an element, from that on. */
  static void fill(DeviceBuffer buffer, long from, TorchGenerator generator) {
    long elements = buffer.elements() - from;
    MemorySegment host = MemorySegment.ofArray(new float[(int) Math.min(elements, 2L * PART)]);
    for (long first = 0; first < elements; ) {
      long left = elements - first;
      long count = left < 2L * PART ? left : PART;
      MemorySegment part = host.asSlice(0, count * Float.BYTES);
      generator.fillNormal(part, 0, 1);
      buffer.write(from + first, part);
      first += count;
    }
  }
}
