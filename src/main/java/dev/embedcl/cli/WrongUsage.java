package dev.embedcl.cli;

import java.io.Serial;

/** Options that turn out to contradict a file only once the file has been read; status 2. */
final class WrongUsage extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  WrongUsage(String message) {
    super(message);
  }
}
