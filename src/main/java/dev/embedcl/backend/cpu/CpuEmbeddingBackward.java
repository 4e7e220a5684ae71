package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.util.Objects.requireNonNull;

import dev.embedcl.backend.cpu.CpuRowSums.Finish;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingBackward;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Positions;
import java.lang.foreign.MemorySegment;

/**
 * Adds the sums of the gradient's rows to the gradients of the two tables.
 *
 * <p>{@link dev.embedcl.op.Accumulation#ATOMIC} differs only in where the groups come from: they
 * are built here from the ids in the buffer. The positional gradient takes every position, whether
 * its id is good or bad.
 */
final class CpuEmbeddingBackward {
  private final CpuBackend backend;
  private final CpuRowSums sums;
  private final CpuStatus status;
  private final GroupBlocks groupBlocks = new GroupBlocks();
  private final BatchBlocks batchBlocks = new BatchBlocks();
  private final IndexGroups ownGroups = new IndexGroups();
  private int[] ids = new int[0];
  private int[] idPositions = new int[0];

  CpuEmbeddingBackward(CpuBackend backend, CpuRowSums sums, CpuStatus status) {
    this.backend = backend;
    this.sums = sums;
    this.status = status;
  }

  void execute(EmbeddingBackward operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    MemorySegment gradWeight = backend.memory(operation.gradWeight());
    DeviceBuffer indices = operation.indices();
    MemorySegment indexMemory = indices == null ? null : backend.memory(indices);
    Positions gradPositions = operation.gradPositions();
    MemorySegment positionMemory =
        gradPositions == null ? null : backend.memory(gradPositions.table());
    int count = operation.batchSize() * operation.seqLen();
    if (count == 0) {
      return;
    }
    int columns = operation.gradWeight().columns();
    switch (operation.accumulation()) {
      case DETERMINISTIC -> groupBlocks.of(requireNonNull(operation.groups()), null);
      case ATOMIC -> groupIds(requireNonNull(indexMemory), count, operation.gradWeight().rows());
    }
    sums.run(gradOutput, groupBlocks, Finish.ADD, 0, gradWeight, columns);
    if (gradPositions != null) {
      batchBlocks.of(gradPositions.start(), operation.batchSize(), operation.seqLen());
      sums.run(gradOutput, batchBlocks, Finish.ADD, 0, requireNonNull(positionMemory), columns);
    }
  }

  /** Groups the ids of a buffer, leaving out and recording those that no row belongs to. */
  private void groupIds(MemorySegment indices, int count, long numEmbeddings) {
    status.beginOperation();
    if (ids.length < count) {
      ids = new int[count];
      idPositions = new int[count];
    }
    int good = 0;
    for (int position = 0; position < count; position++) {
      int index = indices.get(JAVA_INT, 4L * position);
      if (index >= 0 && index < numEmbeddings) {
        ids[good] = index;
        idPositions[good] = position;
        good++;
      } else {
        status.record(position, index, numEmbeddings);
      }
    }
    ownGroups.rebuild(ids, good, numEmbeddings);
    groupBlocks.of(ownGroups, good == count ? null : idPositions);
  }
}
