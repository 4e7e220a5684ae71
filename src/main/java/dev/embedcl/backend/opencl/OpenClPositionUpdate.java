package dev.embedcl.backend.opencl;

import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.opencl.Buffer;

/** Sums by position and updates rows: in one go, or in two where a change depends on a row. */
final class OpenClPositionUpdate {
  private final Launcher launcher;
  private final OpenClPositionSums sums;
  private final OpenClRowwiseAdagradUpdate rowwise;

  OpenClPositionUpdate(
      Launcher launcher, OpenClPositionSums sums, OpenClRowwiseAdagradUpdate rowwise) {
    this.launcher = launcher;
    this.sums = sums;
    this.rowwise = rowwise;
  }

  void enqueue(PositionUpdate op) {
    Buffer gradient = launcher.own(op.gradOutput().buffer());
    RowUpdateKernels.requireOwn(launcher, op.update());
    if (op.batchSize() == 0 || op.seqLen() == 0) {
      return;
    }
    int dim = op.gradOutput().columns();
    if (op.update().formula() instanceof RowwiseAdagradUpdate update) {
      Buffer values = rowwise.gradients(op.seqLen(), dim);
      sums.enqueueCompact(gradient, values, op.batchSize(), op.seqLen(), dim);
      rowwise.enqueue(op.update(), update, values, op.seqLen(), null, op.start());
    } else {
      sums.enqueueUpdate(gradient, op.update(), op.start(), op.batchSize(), op.seqLen(), dim);
    }
  }
}
