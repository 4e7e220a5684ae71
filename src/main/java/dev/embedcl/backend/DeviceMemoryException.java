package dev.embedcl.backend;

import java.io.Serial;

/** A device cannot hold a buffer. */
public final class DeviceMemoryException extends RuntimeException {
  @Serial private static final long serialVersionUID = 1L;

  private final long neededBytes;
  private final long availableBytes;

  /**
   * Creates the exception.
   *
   * @param message names both numbers, the limit that was met and the cure
   * @param neededBytes size of the buffer asked for
   * @param availableBytes the largest buffer that could have been had
   */
  public DeviceMemoryException(String message, long neededBytes, long availableBytes) {
    super(message);
    this.neededBytes = neededBytes;
    this.availableBytes = availableBytes;
  }

  /** Returns the size in bytes of the buffer asked for. */
  public long neededBytes() {
    return neededBytes;
  }

  /** Returns the size in bytes of the largest buffer that could have been had. */
  public long availableBytes() {
    return availableBytes;
  }
}
