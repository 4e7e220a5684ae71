package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.opencl.Buffer;

/** Sums by id and updates rows: in one go, or in two where a change depends on a whole row. */
final class OpenClEmbeddingUpdate {
  private final Launcher launcher;
  private final OpenClRowSums rowSums;
  private final OpenClRowwiseAdagradUpdate rowwise;

  OpenClEmbeddingUpdate(
      Launcher launcher, OpenClRowSums rowSums, OpenClRowwiseAdagradUpdate rowwise) {
    this.launcher = launcher;
    this.rowSums = rowSums;
    this.rowwise = rowwise;
  }

  void enqueue(EmbeddingUpdate op) {
    Buffer gradient = launcher.own(op.gradOutput().buffer());
    DeviceBuffer won = op.winners();
    Buffer winners = won == null ? gradient : launcher.own(won); // not read where there are none
    RowUpdateKernels.requireOwn(launcher, op.update());
    IndexGroups groups = op.groups();
    if (groups.count() == 0) {
      return;
    }
    int dim = op.gradOutput().columns();
    if (op.update().formula() instanceof RowwiseAdagradUpdate update) {
      Buffer sums = rowwise.gradients(groups.uniqueRows(), dim);
      Buffer rows = rowSums.enqueueCompact(gradient, winners, groups, sums, dim);
      rowwise.enqueue(op.update(), update, sums, groups.uniqueRows(), rows, 0);
    } else {
      rowSums.enqueueUpdate(gradient, winners, groups, op.update(), dim);
    }
  }
}
