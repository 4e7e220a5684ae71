package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Writes a NumPy file whose shape is known before its data, chunk by chunk, so that it may be
 * larger than memory.
 *
 * <p>The file appears under its name, complete and in place of any earlier one, when {@link
 * #finish} returns, and not at all if it is never called. Always close a writer: that deletes what
 * an unfinished one wrote. Any thread may call any method; one call runs at a time. The bytes are
 * those that {@code numpy.save} writes.
 */
public final class NpyWriter implements Closeable {
  private final TensorSection section;
  private final AtomicFile file;

  private NpyWriter(TensorSection section, AtomicFile file) {
    this.section = section;
    this.file = file;
  }

  static NpyWriter create(Path path, DType type, Shape shape) throws IOException {
    TensorSpec spec = new TensorSpec("array", type, shape);
    MemorySegment header = NpyHeader.render(type, shape);
    AtomicFile file = AtomicFile.create(path, header.byteSize() + spec.bytes());
    try {
      file.write(0, header);
    } catch (IOException e) {
      try (file) {
        throw e;
      }
    }
    return new NpyWriter(new TensorSection(spec, header.byteSize()), file);
  }

  /**
   * Writes the next elements, behind those that earlier calls wrote. When the call returns, the
   * chunk may be reused. After an {@link IOException} the same chunk may be tried again.
   *
   * @param chunk little-endian, row-major elements; heap or native, of any size that is left
   * @throws IllegalArgumentException if the chunk does not hold whole elements or more than what is
   *     left of the array
   * @throws IllegalStateException if the writer was finished or closed
   * @throws IOException if the file cannot be written; names the file, the cause and the cure
   */
  public synchronized void write(MemorySegment chunk) throws IOException {
    section.append(file, chunk);
  }

  /**
   * Completes the file: forces it to the disk and gives it its name.
   *
   * @throws IllegalStateException if bytes are missing (the writer stays open for them), or if the
   *     writer was finished or closed
   * @throws IOException if the file cannot be written; an earlier file is then untouched
   */
  public synchronized void finish() throws IOException {
    section.checkComplete();
    file.commit();
  }

  /**
   * Deletes what was written unless the writer was finished; further calls do nothing.
   *
   * @throws IOException if the incomplete file cannot be deleted; names it
   */
  @Override
  public synchronized void close() throws IOException {
    file.close();
  }
}
