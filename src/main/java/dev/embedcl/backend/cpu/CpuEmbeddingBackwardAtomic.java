package dev.embedcl.backend.cpu;

import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Positions;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Adds the sums of the gradient's rows to the gradients of the two tables, in the deterministic
 * order: any will do, and threads have no need of atomics. The groups are built here from the ids
 * in the buffer. The positional gradient takes every position, whether its id is good or bad.
 */
final class CpuEmbeddingBackwardAtomic {
  private final CpuBackend backend;
  private final CpuRowSums sums;
  private final IdGroups idGroups;
  private final GroupBlocks groupBlocks = new GroupBlocks();
  private final BatchBlocks batchBlocks = new BatchBlocks();
  private final CpuRowUpdate weightUpdate = new CpuRowUpdate();
  private final CpuRowUpdate positionUpdate = new CpuRowUpdate();

  CpuEmbeddingBackwardAtomic(CpuBackend backend, CpuRowSums sums, CpuStatus status) {
    this.backend = backend;
    this.sums = sums;
    this.idGroups = new IdGroups(status);
  }

  void execute(EmbeddingBackwardAtomic operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    MemorySegment indices = backend.memory(operation.indices());
    @Nullable Positions positions = operation.gradPositions();
    weightUpdate.of(backend, new AccumulateUpdate(operation.gradWeight()));
    if (positions != null) {
      positionUpdate.of(backend, new AccumulateUpdate(positions.table()));
    }
    int count = operation.batchSize() * operation.seqLen();
    if (count == 0) {
      return;
    }
    int columns = operation.gradWeight().columns();
    IndexGroups groups =
        idGroups.of(indices, count, operation.gradWeight().rows(), operation.paddingIdx());
    sums.run(gradOutput, groupBlocks.of(groups, false), weightUpdate, columns);
    if (positions != null) {
      batchBlocks.of(positions.start(), operation.batchSize(), operation.seqLen());
      sums.run(gradOutput, batchBlocks, positionUpdate, columns);
    }
  }
}
