package dev.embedcl.io;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * Where a file shall appear, and why it cannot where it cannot.
 *
 * @param path the path as the caller gave it; messages name it
 * @param file the absolute path of the file itself, behind all symbolic links; it has a parent
 * @param bytes the size of the file to come
 */
record WriteTarget(Path path, Path file, long bytes) {
  /** As many as Linux follows. */
  private static final int MOST_LINKS = 40;

  /**
   * Follows symbolic links and checks what is there already.
   *
   * @throws IOException if the path leads to something that no regular file can replace
   */
  static WriteTarget resolve(Path path, long bytes) throws IOException {
    Path file = path.toAbsolutePath();
    for (int links = 0; Files.isSymbolicLink(file); links++) {
      if (links == MOST_LINKS) {
        throw refusal(path, "leads in a circle of symbolic links; name the file itself");
      }
      file = file.resolveSibling(Files.readSymbolicLink(file));
      // /dev/stdout and its kin: a handle, which a renamed file cannot take the place of.
      if (file.startsWith("/proc")) {
        break;
      }
    }
    if (Files.isDirectory(file)) {
      throw refusal(path, "is a directory; name a file in it");
    }
    if (file.startsWith("/proc") || (Files.exists(file) && !Files.isRegularFile(file))) {
      throw refusal(
          path,
          "is no regular file; a file that appears only when complete cannot be written to a"
              + " device, a pipe or standard output: write to a file and pass that on");
    }
    if (Files.exists(file) && !Files.isWritable(file)) {
      throw refusal(path, "is write-protected; change its permissions or choose another name");
    }
    return new WriteTarget(path, file, bytes);
  }

  /** Returns an exception that says what failed, why, and what to do about it. */
  IOException explain(IOException cause) {
    Path directory = parent();
    String why =
        switch (cause) {
          case NoSuchFileException _ when Files.isDirectory(directory) ->
              "its incomplete file vanished from directory "
                  + directory
                  + "; leave *"
                  + AtomicFile.PART_SUFFIX
                  + " files alone while they are written";
          case NoSuchFileException _ ->
              "directory " + directory + " does not exist; create it or choose another";
          case AccessDeniedException _ ->
              "no permission to write in directory "
                  + directory
                  + "; change its permissions or choose another";
          case ClosedByInterruptException _ -> "the writing thread was interrupted; start again";
          case FileSystemException e when e.getReason() != null -> e.getReason() + room(directory);
          default ->
              Objects.requireNonNullElse(cause.getMessage(), cause.toString()) + room(directory);
        };
    return new IOException("cannot write " + path + ": " + why, cause);
  }

  private Path parent() {
    Path parent = file.getParent();
    return parent == null ? file : parent;
  }

  /** The texts of the operating system vary with its language, so the numbers are always told. */
  private String room(Path directory) {
    try {
      long free = Files.getFileStore(directory).getUsableSpace();
      return " (the file takes "
          + bytes
          + " bytes, "
          + directory
          + " has room for "
          + free
          + (free < bytes ? " more; make room or choose another place)" : " more)");
    } catch (IOException e) {
      return " (the file takes " + bytes + " bytes)";
    }
  }

  private static IOException refusal(Path path, String why) {
    return new IOException("cannot write " + path + ": it " + why);
  }
}
