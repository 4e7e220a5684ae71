package dev.embedcl.backend.opencl;

import dev.embedcl.op.SgdStep;

/** Enqueues {@code kernels/sgd_step.cl}. */
final class OpenClSgdStep {
  private final OpenClRowSums rowSums;

  OpenClSgdStep(Launcher launcher) {
    this.rowSums = new OpenClRowSums(launcher, "sgd_step", true);
  }

  void enqueue(SgdStep op) {
    rowSums.enqueueRows(op.gradOutput(), op.groups(), op.weight(), op.learningRate());
    rowSums.enqueuePositions(
        op.gradOutput(), op.positions(), op.batchSize(), op.seqLen(), op.learningRate());
  }
}
