package dev.embedcl.opencl;

import org.jspecify.annotations.Nullable;

/** OpenCL cannot be used in this process at all; the message says why, {@link #cure} what helps. */
public final class OpenClUnavailableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String reason;
  private final String cure;

  OpenClUnavailableException(String reason, String cure, @Nullable Throwable cause) {
    super(reason + "; " + cure, cause);
    this.reason = reason;
    this.cure = cure;
  }

  /** Returns why, in one line. */
  public String reason() {
    return reason;
  }

  /** Returns what to do about it, in one line. */
  public String cure() {
    return cure;
  }
}
