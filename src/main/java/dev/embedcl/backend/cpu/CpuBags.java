package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.embedcl.op.Bags;
import java.lang.foreign.MemorySegment;

/** Reads {@link Bags}, of whose contents nothing is known. */
final class CpuBags {
  private final CpuBackend backend;
  private final CpuStatus status;
  private MemorySegment indices = MemorySegment.NULL;
  private MemorySegment offsets = MemorySegment.NULL;
  private int count;
  private int bags;
  private long paddingIdx;
  private long numEmbeddings;

  CpuBags(CpuBackend backend, CpuStatus status) {
    this.backend = backend;
    this.status = status;
  }

  /** Takes the bags of an operation that looks up a table of so many rows. */
  void of(Bags operand, long numEmbeddings) {
    indices = backend.memory(operand.indices());
    offsets = backend.memory(operand.offsets());
    count = operand.count();
    bags = operand.bags();
    paddingIdx = operand.paddingIdx();
    this.numEmbeddings = numEmbeddings;
  }

  /** Returns where bag {@code bag} begins, or for the number of bags, where the last one ends. */
  int start(long bag) {
    return Math.clamp(offsets.get(JAVA_INT, 4 * bag), 0, count);
  }

  /** Returns the last bag that begins at a position or before it, or -1. */
  int bagAt(int position) {
    int low = 0;
    int high = bags;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (start(middle) <= position) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low - 1;
  }

  /** Returns the row that a position names, or -1 where it is the padding or none. */
  int row(long position) {
    int index = indices.get(JAVA_INT, 4 * position);
    if (index < 0 || index >= numEmbeddings) {
      status.record(position, index, numEmbeddings);
      return -1;
    }
    return index == paddingIdx ? -1 : index;
  }
}
