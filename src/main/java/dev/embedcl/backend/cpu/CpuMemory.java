package dev.embedcl.backend.cpu;

import dev.embedcl.backend.DeviceMemoryException;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A budget of off-heap memory. Operating systems promise more memory than they have and kill who
 * takes them at their word, so an allocation is checked against the physical memory beforehand.
 *
 * <p>Not safe for concurrent use; the backend's lock guards it.
 */
final class CpuMemory {
  /** Alignment of every buffer: one cache line, and every vector width. */
  static final long ALIGNMENT_BYTES = 64;

  /** From this size on it is worth asking the system what is free. */
  private static final long LARGE_BYTES = 64L << 20;

  private static final int MEM_INFO_BYTES = 256;

  private final long totalBytes;
  private long usedBytes;

  CpuMemory(long totalBytes) {
    this.totalBytes = totalBytes;
  }

  /** Returns the machine's memory, or less where a container is allowed less. */
  static long physicalBytes() {
    long bytes = memInfoBytes("MemTotal:");
    if (bytes < 0) {
      // Takes a tenth of a second, so only where the system has no /proc/meminfo.
      bytes =
          ManagementFactory.getOperatingSystemMXBean()
                  instanceof com.sun.management.OperatingSystemMXBean system
              ? system.getTotalMemorySize()
              : Long.MAX_VALUE;
    }
    bytes = Math.min(bytes, limitBytes("/sys/fs/cgroup/memory.max"));
    return Math.min(bytes, limitBytes("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  }

  long totalBytes() {
    return totalBytes;
  }

  long usedBytes() {
    return usedBytes;
  }

  /**
   * Allocates memory.
   *
   * @param zeroed whether it has to be zero-filled, or may hold anything
   * @throws DeviceMemoryException if there is not enough left
   */
  CpuBlock allocate(long bytes, boolean zeroed) {
    long available = totalBytes - usedBytes;
    if (bytes >= LARGE_BYTES) {
      long free = memInfoBytes("MemAvailable:");
      available = free < 0 ? available : Math.min(available, free);
    }
    if (bytes > available) {
      throw refused(bytes, available, "are left of " + totalBytes + " bytes of memory");
    }
    try {
      CpuBlock block =
          HugePages.allocate(bytes, zeroed).orElseGet(() -> ArenaBlock.allocate(bytes, zeroed));
      usedBytes += bytes;
      return block;
    } catch (OutOfMemoryError e) {
      DeviceMemoryException refused =
          refused(bytes, available, "seemed to be left, but the system refused");
      refused.addSuppressed(e);
      throw refused;
    }
  }

  /** Gives back what was allocated. */
  void free(long bytes) {
    usedBytes -= bytes;
  }

  private static DeviceMemoryException refused(long bytes, long available, String why) {
    return new DeviceMemoryException(
        "a buffer of "
            + bytes
            + " bytes is needed but "
            + available
            + " bytes "
            + why
            + "; close buffers no longer used, or use a smaller table or batch",
        bytes,
        available);
  }

  private static long memInfoBytes(String key) {
    try (InputStream in = Files.newInputStream(Path.of("/proc/meminfo"))) {
      // What is asked for stands in the first lines; the whole file would be 30 kB of objects.
      String beginning = new String(in.readNBytes(MEM_INFO_BYTES), StandardCharsets.US_ASCII);
      for (String line : beginning.lines().toList()) {
        if (line.startsWith(key)) {
          String kibibytes = line.substring(key.length()).replace("kB", "").strip();
          return Long.parseLong(kibibytes) * 1024;
        }
      }
      return -1;
    } catch (IOException | NumberFormatException e) {
      return -1; // not a Linux system
    }
  }

  private static long limitBytes(String file) {
    try {
      return Long.parseLong(Files.readString(Path.of(file)).strip());
    } catch (IOException | NumberFormatException e) {
      return Long.MAX_VALUE; // no such limit, or the word "max"
    }
  }
}
