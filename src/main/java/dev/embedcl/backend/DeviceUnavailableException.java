package dev.embedcl.backend;

import java.io.Serial;

/** The device that was asked for by name cannot be used; the message says why and what to do. */
public final class DeviceUnavailableException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public DeviceUnavailableException(String message) {
    super(message);
  }

  /** Creates the exception with what the driver said. */
  public DeviceUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
