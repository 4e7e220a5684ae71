package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.opencl.Buffer;

/** Sums by id into a matrix of the rows that have a sum, with {@link OpenClRowSums}. */
final class OpenClCoalescedGradient {
  private final Launcher launcher;
  private final OpenClRowSums rowSums;

  OpenClCoalescedGradient(Launcher launcher, OpenClRowSums rowSums) {
    this.launcher = launcher;
    this.rowSums = rowSums;
  }

  void enqueue(CoalescedGradient op) {
    Buffer gradient = launcher.own(op.gradOutput().buffer());
    DeviceBuffer won = op.winners();
    Buffer winners = won == null ? gradient : launcher.own(won); // not read where there are none
    Buffer rows = launcher.own(op.rows());
    Buffer values = launcher.own(op.values().buffer());
    IndexGroups groups = op.groups();
    if (groups.count() == 0) {
      return;
    }
    long rowBytes = (long) groups.uniqueRows() * Integer.BYTES;
    launcher.queue().write(rows, 0, groups.compactRows().packed().asSlice(0, rowBytes));
    rowSums.enqueueCompact(gradient, winners, groups, values, op.values().columns());
  }
}
