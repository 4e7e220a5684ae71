package dev.embedcl.optim;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.BatchGradient;
import dev.embedcl.nn.Parameter;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.CompactRows;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch's gradient, summed by row and by position before anything is changed, so that its norm
 * can be limited: rows that the batch did not name take no memory. What is left is a batch with one
 * contribution to each row, in which nothing is added any more.
 */
final class ClippedBatch implements AutoCloseable {
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final Backend backend;
  private final IndexGroups groups = new IndexGroups();
  private @Nullable Matrix values;
  private @Nullable Matrix positionSums;
  private final double norm;

  ClippedBatch(BatchGradient gradient, double maxNorm, double normType) {
    this.backend = gradient.weight().backend();
    try {
      List<GradientClipping.Gradient> gradients = new ArrayList<>();
      if (gradient.weight().requiresGrad()) {
        Matrix sums = sumByRow(gradient);
        values = sums;
        gradients.add(new GradientClipping.Gradient(backend, sums));
      }
      Parameter positions = gradient.positions();
      if (positions != null && positions.requiresGrad()) {
        Matrix sums = sumByPosition(gradient, positions.columns());
        positionSums = sums;
        gradients.add(new GradientClipping.Gradient(backend, sums));
      }
      norm = GradientClipping.clip(gradients, maxNorm, normType);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Returns the norm before it was limited. */
  double norm() {
    return norm;
  }

  /** Returns the batch of the limited sums. */
  BatchGradient ofTokens(BatchGradient gradient) {
    Matrix sums = values == null ? gradient.gradOutput() : values;
    return new BatchGradient(sums, groups, gradient.weight(), null, 0, 0, 0, null);
  }

  /** Returns the batch of one sequence whose gradient are the limited sums by position. */
  BatchGradient ofPositions(BatchGradient gradient) {
    Matrix sums = positionSums == null ? gradient.gradOutput() : positionSums;
    return new BatchGradient(
        sums,
        groups,
        gradient.weight(),
        gradient.positions(),
        gradient.start(),
        gradient.seqLen() == 0 || gradient.batchSize() == 0 ? 0 : 1,
        gradient.seqLen(),
        null);
  }

  /** Frees the sums, after the work that was enqueued on them. */
  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
  }

  private Matrix sumByRow(BatchGradient gradient) {
    IndexGroups all = gradient.groups();
    int rows = all.uniqueRows();
    int columns = gradient.weight().columns();
    DeviceBuffer numbers = allocate(DType.INT32, rows);
    Matrix sums = new Matrix(allocate(DType.FLOAT32, (long) rows * columns), rows, columns);
    backend.execute(
        new CoalescedGradient(gradient.gradOutput(), all, numbers, sums, gradient.winners()));
    CompactRows compact = all.compactRows();
    int[] ids = new int[rows];
    for (int i = 0; i < rows; i++) {
      ids[i] = compact.tableRow(i);
    }
    groups.rebuild(ids, rows, all.numEmbeddings());
    return sums;
  }

  private Matrix sumByPosition(BatchGradient gradient, int columns) {
    int rows = gradient.seqLen();
    Matrix sums = new Matrix(allocate(DType.FLOAT32, (long) rows * columns), rows, columns);
    backend.execute(
        new PositionUpdate(
            gradient.gradOutput(),
            new AccumulateUpdate(sums),
            0,
            gradient.batchSize(),
            gradient.seqLen()));
    return sums;
  }

  private DeviceBuffer allocate(DType type, long elements) {
    DeviceBuffer buffer = backend.allocate(type, elements);
    buffers.add(buffer);
    return buffer;
  }
}
