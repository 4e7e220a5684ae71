package dev.embedcl.opencl;

/** How a buffer is going to be used; without any flag kernels may read and write it. */
public enum MemoryFlag {
  /** Kernels only read the buffer. */
  KERNEL_READ_ONLY(1L << 2),
  /** Kernels only write the buffer. */
  KERNEL_WRITE_ONLY(1L << 1),
  /** The memory should be reachable for the host too, so that mapping it needs no copy. */
  HOST_REACHABLE(1L << 4);

  private static final long READ_WRITE = 1L;

  private final long bit;

  MemoryFlag(long bit) {
    this.bit = bit;
  }

  /** Returns {@code cl_mem_flags}. */
  static long bits(MemoryFlag... flags) {
    long bits = 0;
    for (MemoryFlag flag : flags) {
      bits |= flag.bit;
    }
    boolean restricted = (bits & (KERNEL_READ_ONLY.bit | KERNEL_WRITE_ONLY.bit)) != 0;
    return restricted ? bits : bits | READ_WRITE;
  }
}
