package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * A NumPy file, mapped into memory and checked when it was opened.
 *
 * <p>Its tensor is a read-only view of the file and ends with {@link #close}, after which every
 * access throws {@link IllegalStateException}. Any thread may call any method. The file must not be
 * shortened while it is open; see {@link SafetensorsReader}.
 */
public final class NpyReader implements AutoCloseable {
  private final MappedFile file;
  private final NpyHeader header;
  private @Nullable HostTensor tensor;

  private NpyReader(MappedFile file, NpyHeader header) {
    this.file = file;
    this.header = header;
  }

  static NpyReader open(Path path) throws IOException {
    MappedFile file = MappedFile.open(path);
    try {
      NpyHeader header = NpyHeader.parse(file);
      checkData(file, header);
      return new NpyReader(file, header);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static void checkData(MappedFile file, NpyHeader header) throws MalformedFileException {
    long present = file.bytes() - header.dataOffset();
    int width = header.type().bytes();
    // Compared in elements, which cannot overflow.
    if (header.shape().elements() > present / width) {
      throw new MalformedFileException(
          file.path(),
          "has "
              + present
              + " bytes of data, too few for "
              + header.type()
              + " of shape "
              + header.shape()
              + "; it is incomplete: fetch or write it again");
    }
    long surplus = present - header.shape().elements() * width;
    if (surplus > 0) {
      throw new MalformedFileException(
          file.path(),
          "has "
              + surplus
              + " bytes behind its array of shape "
              + header.shape()
              + "; save every array to a file of its own");
    }
  }

  /** Returns the path the file was opened by. */
  public Path path() {
    return file.path();
  }

  /** Returns the element type. */
  public DType type() {
    return header.type();
  }

  /** Returns the shape. */
  public Shape shape() {
    return header.shape();
  }

  /**
   * Returns the array: the file's own pages, or, where its bytes are big-endian or not aligned to
   * its elements, a little-endian copy in native memory, made once and freed with this reader.
   *
   * @return a read-only tensor that lives until this reader is closed; closing it does nothing
   * @throws IllegalStateException if this reader was closed
   */
  public synchronized HostTensor tensor() {
    file.slice(0, 0); // refuses when closed, also where the tensor is known already
    if (tensor == null) {
      tensor =
          header.bigEndian() && type().bytes() > 1
              ? HostTensor.wrap(type(), shape(), littleEndian())
              : file.tensor(type(), shape(), header.dataOffset());
    }
    return tensor;
  }

  /**
   * Unmaps the file and ends its tensor; further calls do nothing.
   *
   * @throws IllegalStateException if a channel or native code is using the memory at this moment;
   *     the file then stays open, and closing can be tried again
   */
  @Override
  public void close() {
    file.close();
  }

  private MemorySegment littleEndian() {
    ValueLayout layout =
        switch (type().bytes()) {
          case 2 -> ValueLayout.JAVA_SHORT_UNALIGNED;
          case 4 -> ValueLayout.JAVA_INT_UNALIGNED;
          default -> ValueLayout.JAVA_LONG_UNALIGNED;
        };
    MemorySegment copy = file.allocate(shape().elements() * type().bytes());
    MemorySegment.copy(
        file.slice(header.dataOffset(), copy.byteSize()),
        layout.withOrder(ByteOrder.BIG_ENDIAN),
        0,
        copy,
        layout.withOrder(ByteOrder.LITTLE_ENDIAN),
        0,
        shape().elements());
    return copy.asReadOnly();
  }
}
