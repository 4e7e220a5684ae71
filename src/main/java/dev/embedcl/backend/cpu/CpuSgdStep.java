package dev.embedcl.backend.cpu;

import static java.util.Objects.requireNonNull;

import dev.embedcl.backend.cpu.CpuRowSums.Finish;
import dev.embedcl.op.Positions;
import dev.embedcl.op.SgdStep;
import java.lang.foreign.MemorySegment;

/** Sums the gradient's rows and moves the rows of the two tables by them, in one pass. */
final class CpuSgdStep {
  private final CpuBackend backend;
  private final CpuRowSums sums;
  private final GroupBlocks groupBlocks = new GroupBlocks();
  private final BatchBlocks batchBlocks = new BatchBlocks();

  CpuSgdStep(CpuBackend backend, CpuRowSums sums) {
    this.backend = backend;
    this.sums = sums;
  }

  void execute(SgdStep operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    MemorySegment weight = backend.memory(operation.weight());
    Positions positions = operation.positions();
    MemorySegment positionMemory = positions == null ? null : backend.memory(positions.table());
    if (operation.groups().count() == 0) {
      return;
    }
    int columns = operation.weight().columns();
    float rate = operation.learningRate();
    groupBlocks.of(operation.groups(), null);
    sums.run(gradOutput, groupBlocks, Finish.STEP, rate, weight, columns);
    if (positions != null) {
      batchBlocks.of(positions.start(), operation.batchSize(), operation.seqLen());
      sums.run(gradOutput, batchBlocks, Finish.STEP, rate, requireNonNull(positionMemory), columns);
    }
  }
}
