package dev.embedcl.io;

import dev.embedcl.memory.HostTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;

/**
 * Files of named tensors in the <a
 * href="https://github.com/huggingface/safetensors#format">safetensors</a> format: eight bytes with
 * the header's length, a JSON header, the data.
 *
 * <p>Needs {@code com.fasterxml.jackson.core:jackson-core}, an optional dependency of this library,
 * on the class path.
 *
 * <p>{@link #open} reads, {@link #create} writes piece by piece, {@link #save} writes at once.
 */
public final class Safetensors {
  private Safetensors() {}

  /**
   * Maps a file into memory and checks it.
   *
   * @return the file's tensors, until closed
   * @throws MalformedFileException if the file is damaged, incomplete or of another format
   * @throws IOException if it does not exist or cannot be read
   */
  public static SafetensorsReader open(Path path) throws IOException {
    return SafetensorsReader.open(path);
  }

  /**
   * Starts a file whose data is written piece by piece.
   *
   * @param path where the file appears once {@linkplain SafetensorsWriter#finish finished}; not a
   *     device, pipe or standard output
   * @param tensors the tensors; their order does not matter
   * @param metadata free texts; left out of the file if empty
   * @return a writer, to be closed in any case
   * @throws IllegalArgumentException if a name is taken twice, reserved ({@code __metadata__}) or
   *     not valid Unicode, or if the header exceeds 100,000,000 bytes or the file 2^63-1
   * @throws IOException if the path cannot be written to; names it, the cause and the cure
   */
  public static SafetensorsWriter create(
      Path path, Collection<TensorSpec> tensors, Map<String, String> metadata) throws IOException {
    return SafetensorsWriter.create(path, tensors, metadata);
  }

  /**
   * Writes a whole file; it appears under its name only when complete.
   *
   * @param path where the file appears; an earlier file is replaced
   * @param tensors the tensors by name; their order does not matter
   * @param metadata free texts; left out of the file if empty
   * @throws IllegalArgumentException as {@link #create} does
   * @throws IllegalStateException if a tensor was closed
   * @throws IOException if the file cannot be written; names it, the cause and the cure
   */
  public static void save(Path path, Map<String, HostTensor> tensors, Map<String, String> metadata)
      throws IOException {
    List<TensorSpec> specs =
        tensors.entrySet().stream()
            .map(each ->
                new TensorSpec(each.getKey(), each.getValue().type(), each.getValue().shape()))
            .toList();
    try (SafetensorsWriter writer = create(path, specs, metadata)) {
      for (Map.Entry<String, HostTensor> each : tensors.entrySet()) {
        writer.write(each.getKey(), each.getValue().segment());
      }
      writer.finish();
    }
  }
}
