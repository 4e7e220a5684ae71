package dev.embedcl.opencl;

/** A device did not finish its commands within the limit of {@code embedcl.timeout}. */
public final class OpenClTimeoutException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  OpenClTimeoutException(String device, long limitSeconds, Throwable cause) {
    super(
        device
            + " has not finished its commands within "
            + limitSeconds
            + " s (the limit of "
            + CommandWait.PROPERTY
            + "); a kernel that never ends cannot be stopped: end the process, or raise the limit",
        cause);
  }
}
