package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.lang.foreign.MemorySegment;

/** The loops over quantised rows without the Vector API. */
final class PlainQuantizedLoops implements RowStorage.QuantizedLoops {
  private final byte[] bytes = new byte[RowStorage.STRIP];

  @Override
  public void dequantize(
      MemorySegment rows, long at, float scale, float offset, float[] to, int width) {
    MemorySegment.copy(rows, JAVA_BYTE, at, bytes, 0, width);
    for (int i = 0; i < width; i++) {
      to[i] = (bytes[i] & 0xff) * scale + offset;
    }
  }
}
