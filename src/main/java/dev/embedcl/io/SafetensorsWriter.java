package dev.embedcl.io;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Writes a safetensors file whose tensors' shapes are known before their data: chunk by chunk, in
 * any order between tensors, so that a file may be larger than memory.
 *
 * <p>The file appears under its name, complete and in place of any earlier one, when {@link
 * #finish} returns, and not at all if it is never called. Always close a writer: that deletes what
 * an unfinished one wrote.
 *
 * <pre>{@code
 * try (SafetensorsWriter writer = Safetensors.create(path, specs, metadata)) {
 *   for (TokenBatch batch : batches) {
 *     writer.write("input_ids", idsOf(batch));
 *     writer.write("input_embeddings", embeddingsOf(batch));
 *   }
 *   writer.finish();
 * }
 * }</pre>
 *
 * <p>Any thread may call any method; one call runs at a time. Equal tensors and metadata give equal
 * bytes, in whatever chunks they were written.
 */
public final class SafetensorsWriter implements Closeable {
  private final Path path;
  private final List<TensorSpec> specs;
  private final long prefixBytes;
  private final Map<String, TensorSection> sections;
  private final AtomicFile file;

  private SafetensorsWriter(
      Path path, List<TensorSpec> specs, SafetensorsLayout layout, AtomicFile file) {
    this.path = path;
    this.specs = specs;
    this.prefixBytes = layout.prefix().byteSize();
    this.sections = layout.sections();
    this.file = file;
  }

  static SafetensorsWriter create(
      Path path, Collection<TensorSpec> tensors, Map<String, String> metadata) throws IOException {
    SafetensorsLayout layout = new SafetensorsLayout(tensors, metadata);
    AtomicFile file = AtomicFile.create(path, layout.bytes());
    try {
      file.write(0, layout.prefix());
    } catch (IOException e) {
      try (file) {
        throw e;
      }
    }
    return new SafetensorsWriter(path, List.copyOf(tensors), layout, file);
  }

  /**
   * Writes the next elements of a tensor, behind those that earlier calls wrote. When the call
   * returns, the chunk may be reused. After an {@link IOException} the same chunk may be tried
   * again.
   *
   * @param name the name of a declared tensor
   * @param chunk little-endian, row-major elements; heap or native, of any size that is left
   * @throws IllegalArgumentException if no such tensor was declared, or if the chunk does not hold
   *     whole elements or more than what is left of the tensor
   * @throws IllegalStateException if the writer was finished or closed
   * @throws IOException if the file cannot be written; names the file, the cause and the cure
   */
  public synchronized void write(String name, MemorySegment chunk) throws IOException {
    TensorSection section = sections.get(name);
    if (section == null) {
      throw new IllegalArgumentException(
          "no tensor "
              + Quoted.of(name)
              + " was declared for "
              + path
              + "; declared are "
              + Quoted.plain(sections.keySet().toString(), 400));
    }
    section.append(file, chunk);
  }

  /**
   * Completes the file: forces it to the disk and gives it its name.
   *
   * @throws IllegalStateException if a tensor lacks bytes (the writer stays open for them), or if
   *     the writer was finished or closed
   * @throws IOException if the file cannot be written; an earlier file is then untouched
   */
  public synchronized void finish() throws IOException {
    for (TensorSection section : sections.values()) {
      section.checkComplete();
    }
    file.commit();
  }

  /**
   * Completes the file with other metadata than it was created with, for what is known only when
   * the data is written, such as checksums.
   *
   * @param metadata free texts; as long in the file as those the writer was created with
   * @throws IllegalArgumentException if the header becomes longer or shorter: give {@code create}
   *     texts of the final length
   * @throws IllegalStateException as {@link #finish()}
   * @throws IOException as {@link #finish()}
   */
  public synchronized void finish(Map<String, String> metadata) throws IOException {
    MemorySegment prefix = new SafetensorsLayout(specs, metadata).prefix();
    if (prefix.byteSize() != prefixBytes) {
      throw new IllegalArgumentException(
          "the header of "
              + path
              + " would take "
              + prefix.byteSize()
              + " bytes, but has room for "
              + prefixBytes
              + "; create the writer with metadata of the final length");
    }
    file.write(0, prefix);
    finish();
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
