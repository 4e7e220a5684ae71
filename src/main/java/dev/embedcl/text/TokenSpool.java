package dev.embedcl.text;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Holds the ids of a text of any length in a temporary file: first they are written, one by one,
 * then they are memory that {@link SlidingWindows} reads in any order.
 *
 * <pre>{@code
 * try (TokenSpool spool = TokenSpool.create()) {
 *   tokenizer.encode(reader, spool);
 *   for (TokenBatch batch : SlidingWindows.of(spool.ids(), WindowOptions.of(256))) { … }
 * }
 * }</pre>
 *
 * <p>The file takes 4 bytes per id and goes away with {@link #close}; where the operating system
 * can remove an open file, as on Linux and macOS, it has no name from the start and goes away with
 * the process too, however that ends. Written by one thread; the mapped ids may be read by any.
 */
public final class TokenSpool implements TokenSink, AutoCloseable {
  private static final int BUFFER_BYTES = 1 << 16;

  private final Path directory;
  private final FileChannel file;
  private final ByteBuffer buffer =
      ByteBuffer.allocateDirect(BUFFER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
  private final Arena arena;
  private @Nullable MemorySegment ids;
  private long size;
  private boolean closed;

  @SuppressWarnings("MustBeClosed") // the spool owns the arena and closes it
  private TokenSpool(Path directory, FileChannel file) {
    this.directory = directory;
    this.file = file;
    this.arena = Arena.ofShared();
  }

  /**
   * Creates an empty spool in the directory {@code java.io.tmpdir} names.
   *
   * @throws IOException if no file can be made there
   */
  public static TokenSpool create() throws IOException {
    return create(Path.of(System.getProperty("java.io.tmpdir")));
  }

  /**
   * Creates an empty spool in a directory.
   *
   * @throws IOException if no file can be made there
   */
  public static TokenSpool create(Path directory) throws IOException {
    Path path;
    try {
      path = Files.createTempFile(directory, "embedcl-", ".tokens");
    } catch (IOException e) {
      throw failed("cannot make a file for token ids", directory, e);
    }
    try {
      return new TokenSpool(
          directory,
          FileChannel.open(
              path,
              StandardOpenOption.READ,
              StandardOpenOption.WRITE,
              StandardOpenOption.DELETE_ON_CLOSE));
    } catch (IOException e) {
      Files.deleteIfExists(path);
      throw failed("cannot open a file for token ids", directory, e);
    }
  }

  /**
   * Adds an id at the end.
   *
   * @throws IllegalStateException if {@link #ids} or {@link #close} was called
   * @throws IOException if the file cannot be written, as on a full disk
   */
  @Override
  public void accept(int tokenId) throws IOException {
    if (closed || ids != null) {
      throw new IllegalStateException(
          "this TokenSpool is " + (closed ? "closed" : "complete") + "; ids go into a new one");
    }
    if (buffer.remaining() < Integer.BYTES) {
      flush();
    }
    buffer.putInt(tokenId);
    size++;
  }

  /** Returns the number of ids. */
  public long size() {
    return size;
  }

  /**
   * Ends the writing and returns all ids: read-only, 32-bit, little-endian, mapped from the file,
   * so that they take no memory that the operating system could not have back. After {@link #close}
   * access throws {@link IllegalStateException}.
   *
   * @throws IllegalStateException if {@link #close} was called
   * @throws IOException if the file cannot be written or mapped
   */
  public MemorySegment ids() throws IOException {
    if (closed) {
      throw new IllegalStateException("this TokenSpool is closed; use the ids before close()");
    }
    MemorySegment mapped = ids;
    if (mapped == null) {
      flush();
      mapped = file.map(FileChannel.MapMode.READ_ONLY, 0, size * Integer.BYTES, arena);
      ids = mapped;
    }
    return mapped;
  }

  /**
   * Unmaps the ids and removes the file; further calls do nothing.
   *
   * @throws IOException if the file cannot be closed
   */
  @Override
  public void close() throws IOException {
    if (!closed) {
      closed = true;
      try {
        arena.close();
      } finally {
        file.close();
      }
    }
  }

  private void flush() throws IOException {
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        file.write(buffer);
      }
    } catch (IOException e) {
      throw failed("cannot write token " + size, directory, e);
    } finally {
      buffer.compact();
    }
  }

  private static IOException failed(String what, Path directory, IOException cause) {
    return new IOException(
        what
            + " in "
            + directory
            + ": "
            + cause.getMessage()
            + "; name a directory with 4 bytes of room per token, for example with"
            + " -Djava.io.tmpdir=DIRECTORY",
        cause);
  }
}
