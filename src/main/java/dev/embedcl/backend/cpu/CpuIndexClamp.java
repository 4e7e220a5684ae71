package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.embedcl.op.IndexClamp;
import java.lang.foreign.MemorySegment;

/** Copies ids and replaces those out of range, on the caller's thread. */
final class CpuIndexClamp {
  private final CpuBackend backend;

  CpuIndexClamp(CpuBackend backend) {
    this.backend = backend;
  }

  void execute(IndexClamp operation) {
    MemorySegment indices = backend.memory(operation.indices());
    MemorySegment out = backend.memory(operation.out());
    for (long n = 0; n < operation.count(); n++) {
      int index = indices.getAtIndex(JAVA_INT, n);
      boolean good = index >= 0 && index < operation.numEmbeddings();
      out.setAtIndex(JAVA_INT, n, good ? index : operation.replacement());
    }
  }
}
