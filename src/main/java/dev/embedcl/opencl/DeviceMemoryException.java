package dev.embedcl.opencl;

/**
 * A buffer that does not fit on the device. It is thrown before the driver is asked: some drivers
 * promise more memory than there is and end the process when it is touched.
 */
public final class DeviceMemoryException extends OpenClException {
  private static final long serialVersionUID = 1L;

  private final long neededBytes;
  private final long availableBytes;

  DeviceMemoryException(int status, long neededBytes, long availableBytes, String detail) {
    super("clCreateBuffer", status, detail);
    this.neededBytes = neededBytes;
    this.availableBytes = availableBytes;
  }

  /** Returns the size of the buffer that was asked for, in bytes. */
  public long neededBytes() {
    return neededBytes;
  }

  /** Returns the size in bytes of the largest buffer that would have been granted. */
  public long availableBytes() {
    return availableBytes;
  }
}
