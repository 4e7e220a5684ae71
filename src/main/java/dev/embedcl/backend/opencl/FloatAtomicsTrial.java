package dev.embedcl.backend.opencl;

/**
 * What became of one way to add floats atomically when a device was asked to.
 *
 * @param title the way in words
 * @param outcome how it ended
 * @param detail the driver's or the test's words; empty where there is nothing to say
 */
public record FloatAtomicsTrial(String title, Outcome outcome, String detail) {

  /** How a trial ended. */
  public enum Outcome {
    /** Built, and gave the right sums. */
    WORKS,
    /** Not tried: it belongs to another vendor or to an extension that the device has not. */
    NOT_OFFERED,
    /** The driver did not build or run it. */
    REFUSED,
    /** Built and ran, and gave wrong sums. */
    WRONG
  }
}
