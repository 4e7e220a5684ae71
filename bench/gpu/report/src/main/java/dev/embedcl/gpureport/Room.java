package dev.embedcl.gpureport;

import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;

/** Whether a problem fits into the memory of a device and of the host. */
final class Room {
  private Room() {}

  /** Returns what there is too little of for the smallest of a problem's operations, or nothing. */
  static String missing(Device device, Context context, Problem problem, int batches)
      throws IOException {
    BatchShape shape = problem.shape();
    long needed = problem.tableBytes() + batches * problem.batchBytes();
    if (needed > context.availableBytes() || problem.tableBytes() > device.maxAllocationBytes()) {
      return "takes %d MiB, one buffer %d MiB; the device has %d and %d"
          .formatted(
              needed >> 20,
              problem.tableBytes() >> 20,
              context.availableBytes() >> 20,
              device.maxAllocationBytes() >> 20);
    }
    int states = states(problem);
    double named = Math.min(1, (double) shape.count() / shape.numEmbeddings());
    long reference =
        (long) (named * (problem.tableBytes() + states * problem.stateBytes()))
            + 3 * problem.batchBytes();
    long shared = device.hostUnifiedMemory() ? needed + states * problem.stateBytes() : 0;
    return reference + shared > hostBytes()
        ? "its reference does not fit into the host's free memory"
        : "";
  }

  /** Returns how many gradients and moments of the table's size all operations take together. */
  private static int states(Problem problem) {
    Set<Part> parts = EnumSet.noneOf(Part.class);
    Work.of(problem).forEach(work -> parts.addAll(work.changes()));
    parts.retainAll(EnumSet.of(Part.GRADIENT, Part.FIRST, Part.SECOND));
    return parts.size();
  }

  /** Returns the host's memory that can be had, page cache included, as far as it is known. */
  private static long hostBytes() throws IOException {
    Path counts = Path.of("/proc/meminfo");
    if (Files.isReadable(counts)) {
      for (String line : Files.readAllLines(counts)) {
        if (line.startsWith("MemAvailable:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    }
    return Long.MAX_VALUE;
  }
}
