package dev.embedcl.backend.cpu;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingUpdate;
import java.lang.foreign.MemorySegment;

/** Sums a gradient's rows by id and updates the rows of the token table, in one pass. */
final class CpuEmbeddingUpdate {
  private final CpuBackend backend;
  private final CpuRowSums sums;
  private final GroupBlocks blocks = new GroupBlocks();
  private final CpuRowUpdate update = new CpuRowUpdate();

  CpuEmbeddingUpdate(CpuBackend backend, CpuRowSums sums) {
    this.backend = backend;
    this.sums = sums;
  }

  void execute(EmbeddingUpdate operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    DeviceBuffer won = operation.winners();
    MemorySegment winners = won == null ? MemorySegment.NULL : backend.memory(won);
    update.of(backend, operation.update());
    blocks.of(operation.groups(), false);
    sums.run(gradOutput, winners, blocks, update, operation.gradOutput().columns());
  }
}
