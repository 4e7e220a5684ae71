package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.nio.file.Path;

/**
 * Files of one array in NumPy's <a
 * href="https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html">.npy</a> format.
 *
 * <p>Read are versions 1.0, 2.0 and 3.0 with elements of any {@link DType} but {@code BFLOAT16}, in
 * row-major (C) order and either byte order; refused, with a cure, are column-major (Fortran) order
 * and all other types. Written is version 1.0, the same bytes as {@code numpy.save} since NumPy
 * 1.23; a shape that would need version 2.0 has more dimensions than NumPy can read.
 */
public final class Npy {
  private Npy() {}

  /**
   * Maps a file into memory and checks it.
   *
   * @return the file's array, until closed
   * @throws MalformedFileException if the file is damaged, incomplete, of another format, or holds
   *     what cannot be read
   * @throws IOException if it does not exist or cannot be read
   */
  public static NpyReader open(Path path) throws IOException {
    return NpyReader.open(path);
  }

  /**
   * Reads a whole file into memory.
   *
   * @return a new tensor, to be closed by the caller
   * @throws OutOfMemoryError if the operating system refuses the memory
   * @throws IOException as {@link #open} does
   */
  public static HostTensor load(Path path) throws IOException {
    try (NpyReader reader = open(path)) {
      HostTensor tensor = HostTensor.allocate(reader.type(), reader.shape());
      tensor.segment().copyFrom(reader.tensor().segment());
      return tensor;
    }
  }

  /**
   * Starts a file whose data is written piece by piece.
   *
   * @param path where the file appears once {@linkplain NpyWriter#finish finished}; not a device,
   *     pipe or standard output
   * @return a writer, to be closed in any case
   * @throws IllegalArgumentException if the type is {@link DType#BFLOAT16}, which NumPy does not
   *     have, or the shape has more than {@value TensorSpec#MAX_RANK} dimensions
   * @throws IOException if the path cannot be written to; names it, the cause and the cure
   */
  public static NpyWriter create(Path path, DType type, Shape shape) throws IOException {
    return NpyWriter.create(path, type, shape);
  }

  /**
   * Writes a whole file; it appears under its name only when complete, in place of an earlier one.
   *
   * @throws IllegalArgumentException as {@link #create} does
   * @throws IllegalStateException if the tensor was closed
   * @throws IOException if the file cannot be written; names it, the cause and the cure
   */
  public static void save(Path path, HostTensor tensor) throws IOException {
    try (NpyWriter writer = create(path, tensor.type(), tensor.shape())) {
      writer.write(tensor.segment());
      writer.finish();
    }
  }
}
