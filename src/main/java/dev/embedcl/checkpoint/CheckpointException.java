package dev.embedcl.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/**
 * A file that cannot be restored into this run: no checkpoint, damaged, of another version, or of
 * another model or optimizer. The message names the value, what was expected and what to do.
 * Nothing was changed.
 */
public final class CheckpointException extends IOException {
  private static final long serialVersionUID = 1;

  CheckpointException(Path file, String detail) {
    super("cannot restore " + file + ": " + detail + "; nothing was changed");
  }
}
