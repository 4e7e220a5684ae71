package dev.embedcl.io;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A regular file in memory, read-only, until closed. Any thread may use and close it. */
final class MappedFile implements AutoCloseable {
  /** Alignment of copies in bytes: one cache line, and every vector width. */
  private static final long ALIGNMENT_BYTES = 64;

  private final Path path;
  private final Arena arena;
  private final MemorySegment segment;

  private MappedFile(Path path, Arena arena, MemorySegment segment) {
    this.path = path;
    this.arena = arena;
    this.segment = segment;
  }

  /** Maps the whole file. */
  @SuppressWarnings("MustBeClosed") // the mapped file owns the arena and closes it
  static MappedFile open(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new IOException("cannot read " + path + ": it is a directory; name a file in it");
    }
    // Checked before opening, because opening a pipe waits for its writer.
    if (Files.exists(path) && !Files.isRegularFile(path)) {
      throw new IOException(
          "cannot read " + path + ": it is no regular file; copy its content to one first");
    }
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      Arena arena = Arena.ofShared();
      try {
        long bytes = channel.size();
        return new MappedFile(
            path, arena, channel.map(FileChannel.MapMode.READ_ONLY, 0, bytes, arena));
      } catch (IOException | RuntimeException e) {
        arena.close();
        throw e;
      }
    } catch (NoSuchFileException e) {
      throw withCause(new NoSuchFileException(path.toString(), null, "does not exist"), e);
    } catch (AccessDeniedException e) {
      throw withCause(
          new AccessDeniedException(path.toString(), null, "no permission to read it"), e);
    }
  }

  Path path() {
    return path;
  }

  long bytes() {
    return segment.byteSize();
  }

  /**
   * Returns a part of the file.
   *
   * @throws IllegalStateException if the file was closed
   */
  MemorySegment slice(long offset, long bytes) {
    checkOpen();
    return segment.asSlice(offset, bytes);
  }

  /**
   * Returns a part of the file as a tensor: in place where its address suits the element type, else
   * as a copy that lives as long as the mapping.
   *
   * @throws IllegalStateException if the file was closed
   */
  HostTensor tensor(DType type, Shape shape, long offset) {
    MemorySegment data = slice(offset, shape.elements() * type.bytes());
    if (data.address() % type.bytes() != 0) {
      data = allocate(data.byteSize()).copyFrom(data).asReadOnly();
    }
    return HostTensor.wrap(type, shape, data);
  }

  /** Allocates memory that lives as long as the mapping. */
  MemorySegment allocate(long bytes) {
    checkOpen();
    return arena.allocate(bytes, ALIGNMENT_BYTES);
  }

  /** Unmaps the file; further calls do nothing. */
  @Override
  public synchronized void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private void checkOpen() {
    if (!arena.scope().isAlive()) {
      throw new IllegalStateException(path + " was closed; open it again");
    }
  }

  private static <E extends IOException> E withCause(E exception, IOException cause) {
    exception.initCause(cause);
    return exception;
  }
}
