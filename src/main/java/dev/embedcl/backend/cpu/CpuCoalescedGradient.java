package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.CompactRows;
import java.lang.foreign.MemorySegment;

/** Sums a gradient's rows by id into a matrix of the rows that have a sum. */
final class CpuCoalescedGradient {
  private final CpuBackend backend;
  private final CpuRowSums sums;
  private final GroupBlocks blocks = new GroupBlocks();
  private final CpuRowUpdate update = new CpuRowUpdate();

  CpuCoalescedGradient(CpuBackend backend, CpuRowSums sums) {
    this.backend = backend;
    this.sums = sums;
  }

  void execute(CoalescedGradient operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    DeviceBuffer won = operation.winners();
    MemorySegment winners = won == null ? MemorySegment.NULL : backend.memory(won);
    MemorySegment rows = backend.memory(operation.rows());
    update.store(backend.memory(operation.values()));
    // Numbered here, once, before several threads ask for the numbers.
    CompactRows compact = operation.groups().compactRows();
    MemorySegment.copy(
        compact.packed(),
        JAVA_INT_UNALIGNED,
        0,
        rows,
        JAVA_INT_UNALIGNED,
        0,
        operation.groups().uniqueRows());
    blocks.of(operation.groups(), true);
    sums.run(gradOutput, winners, blocks, update, operation.values().columns());
  }
}
