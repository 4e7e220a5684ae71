package dev.embedcl.backend;

/**
 * What is known of a device.
 *
 * @param selector what {@link Backends#open(String)} takes to open it: {@code cpu}, {@code
 *     opencl:0.0}
 * @param type its kind
 * @param name the device's name for itself
 * @param vendor who made it or its driver
 * @param driver platform, driver and their versions, or the Java virtual machine's
 * @param computeUnits OpenCL compute units, or threads used
 * @param memoryBytes memory that buffers can take in all
 * @param maxAllocationBytes memory that one buffer can take
 * @param hostUnifiedMemory whether device memory is host memory
 * @param flushesSubnormals whether float32 results below 2^-126 become zero, so that they may
 *     differ from other devices'
 * @param correctlyRoundedDivision whether float32 division and square root are correctly rounded
 * @param profile which launch profile cuts the work here, in a few words; {@code none} where there
 *     is nothing to cut
 * @param scatter how {@link dev.embedcl.op.Accumulation#ATOMIC} adds here, in a few words
 * @param details further properties, one to a line as {@code name: value}; may be empty
 */
public record DeviceInfo(
    String selector,
    DeviceType type,
    String name,
    String vendor,
    String driver,
    int computeUnits,
    long memoryBytes,
    long maxAllocationBytes,
    boolean hostUnifiedMemory,
    boolean flushesSubnormals,
    boolean correctlyRoundedDivision,
    String profile,
    String scatter,
    String details) {

  /** Returns the device as one line of a log: {@code cpu "AMD EPYC" (Java 25.0.3, 2 threads)}. */
  public String summary() {
    return selector + " \"" + name + "\" (" + driver + ", " + computeUnits + " compute units)";
  }
}
