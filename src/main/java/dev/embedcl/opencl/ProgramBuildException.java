package dev.embedcl.opencl;

/** A program that the device's compiler refused; the message ends with the compiler's log. */
public final class ProgramBuildException extends OpenClException {
  private static final long serialVersionUID = 1L;

  private final String log;

  ProgramBuildException(int status, Device device, String options, String log) {
    super(
        "clBuildProgram",
        status,
        "on "
            + device.name()
            + " with options \""
            + options
            + "\"; "
            + (log.isBlank() ? "the compiler left no log" : "the compiler's log:\n" + log));
    this.log = log;
  }

  /** Returns the compiler's log, empty if it left none. */
  public String log() {
    return log;
  }
}
