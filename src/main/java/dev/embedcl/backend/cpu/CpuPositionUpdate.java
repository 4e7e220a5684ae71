package dev.embedcl.backend.cpu;

import dev.embedcl.op.PositionUpdate;
import java.lang.foreign.MemorySegment;

/** Sums a gradient's rows by position and updates the rows of the positional table. */
final class CpuPositionUpdate {
  private final CpuBackend backend;
  private final CpuRowSums sums;
  private final BatchBlocks blocks = new BatchBlocks();
  private final CpuRowUpdate update = new CpuRowUpdate();

  CpuPositionUpdate(CpuBackend backend, CpuRowSums sums) {
    this.backend = backend;
    this.sums = sums;
  }

  void execute(PositionUpdate operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    update.of(backend, operation.update());
    if (operation.batchSize() == 0 || operation.seqLen() == 0) {
      return;
    }
    blocks.of(operation.start(), operation.batchSize(), operation.seqLen());
    sums.run(gradOutput, blocks, update, operation.gradOutput().columns());
  }
}
