package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import dev.embedcl.op.StochasticUpdate;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** Sums rows of float64 gradients, in the deterministic order, and adds them to others. */
final class CpuFloat64Gradients {
  private final CpuBackend backend;
  private final IdGroups idGroups;
  private final GroupBlocks groupBlocks = new GroupBlocks();
  private final BatchBlocks batchBlocks = new BatchBlocks();

  CpuFloat64Gradients(CpuBackend backend, CpuStatus status) {
    this.backend = backend;
    this.idGroups = new IdGroups(status);
  }

  void update(EmbeddingUpdate operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    @Nullable DeviceBuffer won = operation.winners();
    Sums sums =
        new Sums(
            gradOutput,
            won == null ? MemorySegment.NULL : backend.memory(won),
            gathered(operation.update()),
            operation.gradOutput().columns(),
            true);
    sums.run(groupBlocks.of(operation.groups(), false));
  }

  void update(PositionUpdate operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    MemorySegment table = gathered(operation.update());
    addPositions(
        gradOutput,
        table,
        operation.start(),
        operation.batchSize(),
        operation.seqLen(),
        operation.gradOutput().columns());
  }

  void update(DenseUpdate operation) {
    MemorySegment gradWeight = backend.memory(operation.gradWeight());
    MemorySegment table = gathered(operation.update());
    long bytes = operation.gradWeight().rows() * operation.gradWeight().rowBytes();
    for (long at = 0; at < bytes; at += 8) {
      table.set(JAVA_DOUBLE, at, table.get(JAVA_DOUBLE, at) + gradWeight.get(JAVA_DOUBLE, at));
    }
  }

  void coalesce(CoalescedGradient operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    @Nullable DeviceBuffer won = operation.winners();
    MemorySegment winners = won == null ? MemorySegment.NULL : backend.memory(won);
    MemorySegment rows = backend.memory(operation.rows());
    MemorySegment values = backend.memory(operation.values());
    IndexGroups groups = operation.groups();
    MemorySegment.copy(
        groups.compactRows().packed(),
        JAVA_INT_UNALIGNED,
        0,
        rows,
        JAVA_INT_UNALIGNED,
        0,
        groups.uniqueRows());
    new Sums(gradOutput, winners, values, operation.values().columns(), false)
        .run(groupBlocks.of(groups, true));
  }

  void backward(EmbeddingBackwardAtomic operation) {
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    MemorySegment indices = backend.memory(operation.indices());
    MemorySegment gradWeight = backend.memory(operation.gradWeight());
    @Nullable Positions positions = operation.gradPositions();
    MemorySegment gradPositions =
        positions == null ? MemorySegment.NULL : backend.memory(positions.table());
    int columns = operation.gradWeight().columns();
    IndexGroups groups =
        idGroups.of(
            indices,
            operation.batchSize() * operation.seqLen(),
            operation.gradWeight().rows(),
            operation.paddingIdx());
    new Sums(gradOutput, MemorySegment.NULL, gradWeight, columns, true)
        .run(groupBlocks.of(groups, false));
    if (positions != null) {
      addPositions(
          gradOutput,
          gradPositions,
          positions.start(),
          operation.batchSize(),
          operation.seqLen(),
          columns);
    }
  }

  private void addPositions(
      MemorySegment gradOutput,
      MemorySegment table,
      int start,
      int batchSize,
      int seqLen,
      int columns) {
    if (batchSize > 0 && seqLen > 0) {
      new Sums(gradOutput, MemorySegment.NULL, table, columns, true)
          .run(batchBlocks.of(start, batchSize, seqLen));
    }
  }

  /** Returns the gradient that is gathered: optimizers refuse tables of float64. */
  private MemorySegment gathered(RowUpdate update) {
    return switch (update) {
      case AccumulateUpdate accumulate -> backend.memory(accumulate.table());
      case SgdUpdate _, AdagradUpdate _, RowwiseAdagradUpdate _, AdamUpdate _, StochasticUpdate _ ->
          throw new IllegalArgumentException(
              update + " of float64: optimizers move tables of FLOAT32, FLOAT16 or BFLOAT16");
    };
  }

  /**
   * Sums from one matrix to another.
   *
   * @param winners the position that won each element of {@code from}, where the blocks have any
   * @param add whether sums are added to what there is, or take its place
   */
  private record Sums(
      MemorySegment from, MemorySegment winners, MemorySegment to, int columns, boolean add) {

    void run(RowBlocks blocks) {
      double[] blockSum = new double[columns];
      double[] rowSum = new double[columns];
      for (long block = 0; block < blocks.blocks(); block++) {
        long row = blocks.row(block);
        boolean continued = block > 0 && blocks.row(block - 1) == row;
        sum(blocks, block, blockSum);
        for (int d = 0; d < columns; d++) {
          rowSum[d] = continued ? rowSum[d] + blockSum[d] : blockSum[d];
        }
        if (block + 1 == blocks.blocks() || blocks.row(block + 1) != row) {
          finish(row, rowSum);
        }
      }
    }

    private void sum(RowBlocks blocks, long block, double[] result) {
      long[] at = new long[IndexGroups.BLOCK];
      int count = blocks.offsets(block, columns, at); // in elements
      double[] scales = new double[IndexGroups.BLOCK];
      if (blocks.isScaled()) {
        blocks.scales(block, scales);
      }
      int[] positions = new int[IndexGroups.BLOCK];
      if (blocks.hasPositions()) {
        blocks.positions(block, positions);
      }
      for (int i = 0; i < count; i++) {
        for (int d = 0; d < columns; d++) {
          boolean counts =
              !blocks.hasPositions() || winners.get(JAVA_INT, 4 * (at[i] + d)) == positions[i];
          double x = counts ? from.get(JAVA_DOUBLE, 8 * (at[i] + d)) : 0;
          if (blocks.isScaled()) {
            x *= scales[i];
          }
          result[d] = i == 0 ? x : result[d] + x;
        }
      }
    }

    private void finish(long row, double[] sum) {
      for (int d = 0; d < columns; d++) {
        long at = 8 * (row * columns + d);
        to.set(JAVA_DOUBLE, at, add ? to.get(JAVA_DOUBLE, at) + sum[d] : sum[d]);
      }
    }
  }
}
