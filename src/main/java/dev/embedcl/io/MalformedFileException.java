package dev.embedcl.io;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that is damaged, incomplete, or not of the format or kind it was opened as.
 *
 * <p>The message names the file, the tensor where there is one, the offending value, the limit it
 * breaks and what to do. Nothing of such a file was handed out.
 */
public final class MalformedFileException extends IOException {
  private static final long serialVersionUID = 1;

  MalformedFileException(Path file, String detail) {
    super(file + ": " + detail);
  }

  MalformedFileException(Path file, String detail, Throwable cause) {
    super(file + ": " + detail, cause);
  }
}
