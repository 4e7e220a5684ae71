package dev.embedcl.cli;

import java.io.Serial;

/**
 * A command could not do its work, for a reason its user can act on. The message is all that is
 * printed: it names the file or option, the value and the cure.
 */
final class CommandFailure extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  CommandFailure(String message) {
    super(message);
  }

  CommandFailure(String message, Throwable cause) {
    super(message, cause);
  }
}
