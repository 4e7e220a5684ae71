package dev.embedcl.opencl;

/** An OpenCL call that failed: its name, the status code as number and symbol, and what helps. */
public class OpenClException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final int status;

  /**
   * Describes a failed call.
   *
   * @param call the OpenCL function
   * @param status what it returned
   */
  public OpenClException(String call, int status) {
    this(call, status, StatusCode.cure(status));
  }

  /**
   * Describes a failed call with more than the status code tells.
   *
   * @param call the OpenCL function
   * @param status what it returned
   * @param detail cause and cure, appended to the message; may be empty
   */
  public OpenClException(String call, int status, String detail) {
    super(
        call
            + " returned "
            + StatusCode.symbol(status)
            + " ("
            + status
            + ")"
            + (detail.isEmpty() ? "" : ": " + detail));
    this.call = call;
    this.status = status;
  }

  /** Returns the OpenCL function that failed. */
  public String call() {
    return call;
  }

  /** Returns the status code. */
  public int status() {
    return status;
  }

  /** Returns the symbol of the status code, such as {@code CL_OUT_OF_RESOURCES}. */
  public String symbol() {
    return StatusCode.symbol(status);
  }
}
