package dev.embedcl.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files written by hand, right or wrong. */
final class RawSafetensors {
  private RawSafetensors() {}

  /** Returns a file of this header, taken as it is, and this many bytes of data: 1, 2, 3, … */
  static byte[] bytes(String header, int dataBytes) {
    return bytes(header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  static byte[] bytes(byte[] header, int dataBytes) {
    ByteBuffer file =
        ByteBuffer.allocate(8 + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(header.length).put(header);
    for (int i = 1; i <= dataBytes; i++) {
      file.put((byte) i);
    }
    return file.array();
  }

  static Path write(Path directory, String header, int dataBytes) throws IOException {
    return Files.write(directory.resolve("raw.safetensors"), bytes(header, dataBytes));
  }
}
