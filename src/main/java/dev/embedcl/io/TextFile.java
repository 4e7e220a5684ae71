package dev.embedcl.io;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Small text files in UTF-8. */
public final class TextFile {
  private TextFile() {}

  /**
   * Writes a text; the file has its old content until it has the new one, in one atomic step.
   *
   * @throws IOException if the path cannot be written to; the message says why and what to do
   */
  public static void write(Path path, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    try (AtomicFile file = AtomicFile.create(path, bytes.length)) {
      file.write(0, MemorySegment.ofArray(bytes));
      file.commit();
    }
  }
}
