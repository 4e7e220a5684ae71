package dev.embedcl.io;

import java.io.Closeable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * A file that is written at any position under a temporary name and takes its real name, in one
 * atomic step, only when committed.
 *
 * <p>The data is forced to the disk before it is renamed, so that after a power failure the name
 * leads to the old content or to the whole new one. A new file gets the permissions that the
 * process's umask leaves; one that replaces another keeps the other's. Where the path is a symbolic
 * link, the file it leads to is replaced and the link stays.
 *
 * <p>Not synchronized; its owner is.
 */
final class AtomicFile implements Closeable {
  /** Ends the name of every file that is not complete. */
  static final String PART_SUFFIX = ".embedcl-part";

  /** What is written by one system call; also the size of the detour that heap memory takes. */
  static final int SLICE_BYTES = 1 << 20;

  /** File names end at 255 bytes nearly everywhere; beyond this the stem is left out. */
  private static final int LONGEST_STEM_BYTES = 200;

  private final WriteTarget target;
  private final Path part;
  private final FileChannel channel;
  private @Nullable MemorySegment detour;
  private boolean finished;

  private AtomicFile(WriteTarget target, Path part, FileChannel channel) {
    this.target = target;
    this.part = part;
    this.channel = channel;
  }

  /**
   * Creates the temporary file.
   *
   * @param path where the file shall appear
   * @param bytes its size; for messages
   * @throws IOException if the path cannot be written to; the message says why and what to do
   */
  static AtomicFile create(Path path, long bytes) throws IOException {
    WriteTarget target = WriteTarget.resolve(path, bytes);
    Path part = partBeside(target.file());
    FileChannel channel;
    try {
      // Not Files.createTempFile: that gives 0600 whatever the umask says.
      channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw target.explain(e);
    }
    AtomicFile file = new AtomicFile(target, part, channel);
    try {
      file.keepPermissions();
    } catch (IOException e) {
      try (file) {
        throw target.explain(e);
      }
    }
    return file;
  }

  /**
   * Writes bytes at a position; writing the same range again replaces it.
   *
   * @throws IllegalStateException if the file was committed or closed
   */
  void write(long position, MemorySegment source) throws IOException {
    checkOpen();
    long bytes = source.byteSize();
    try {
      for (long done = 0; done < bytes; ) {
        long slice = Math.min(SLICE_BYTES, bytes - done);
        ByteBuffer buffer = nativeBuffer(source.asSlice(done, slice));
        while (buffer.hasRemaining()) {
          done += channel.write(buffer, position + done);
        }
      }
    } catch (IOException e) {
      throw target.explain(e);
    }
  }

  /**
   * Forces the data to the disk and gives the file its name.
   *
   * @throws IllegalStateException if the file was committed or closed
   */
  void commit() throws IOException {
    checkOpen();
    try {
      channel.force(true);
      channel.close();
      Files.move(part, target.file(), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw target.explain(e);
    }
    finished = true;
  }

  /** Deletes the temporary file unless it was committed; further calls do nothing. */
  @Override
  public void close() throws IOException {
    if (finished) {
      return;
    }
    finished = true;
    try (channel) {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      throw new IOException(
          "cannot delete the incomplete file " + part + ": " + e.getMessage() + "; delete it", e);
    }
  }

  private void checkOpen() {
    if (finished) {
      throw new IllegalStateException(target.path() + " was finished or closed; open a new writer");
    }
  }

  /** NIO would copy heap memory too, but into a buffer as large as the chunk, kept per thread. */
  private ByteBuffer nativeBuffer(MemorySegment slice) {
    if (slice.isNative()) {
      return slice.asByteBuffer();
    }
    if (detour == null) {
      detour = Arena.ofAuto().allocate(SLICE_BYTES);
    }
    return detour.asSlice(0, slice.byteSize()).copyFrom(slice).asByteBuffer();
  }

  private void keepPermissions() throws IOException {
    PosixFileAttributeView old =
        Files.getFileAttributeView(target.file(), PosixFileAttributeView.class);
    if (old != null && Files.exists(target.file())) {
      Files.setPosixFilePermissions(part, old.readAttributes().permissions());
    }
  }

  private static Path partBeside(Path file) {
    String stem = file.getFileName().toString();
    if (stem.getBytes(StandardCharsets.UTF_8).length > LONGEST_STEM_BYTES) {
      stem = "file";
    }
    String unique = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
    return file.resolveSibling(stem + "." + unique + PART_SUFFIX);
  }
}
