package dev.embedcl.backend;

/** Kinds of devices, in the order in which {@code auto} prefers them. */
public enum DeviceType {
  /** A graphics processor. */
  GPU,
  /** An OpenCL device that is neither GPU nor CPU. */
  ACCELERATOR,
  /** The host's processors through an OpenCL driver. */
  CPU,
  /** The host's processors through this library's own Java code; what is left when no other is. */
  JAVA
}
