package dev.embedcl.backend.opencl;

import dev.embedcl.backend.opencl.RowUpdateKernels.Contributions;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/dense_update.cl}. */
final class OpenClDenseUpdate {
  private static final int UPDATE = 3;

  private final Launcher launcher;
  private final RowUpdateKernels kernels;
  private final OpenClRowwiseAdagradUpdate rowwise;

  OpenClDenseUpdate(Launcher launcher, OpenClRowwiseAdagradUpdate rowwise) {
    this.launcher = launcher;
    this.kernels = new RowUpdateKernels(launcher, "dense_update.cl", "dense_update");
    this.rowwise = rowwise;
  }

  void enqueue(DenseUpdate op) {
    Buffer gradWeight = launcher.own(op.gradWeight().buffer());
    RowUpdateKernels.requireOwn(launcher, op.update());
    long rows = op.gradWeight().rows();
    if (rows == 0) {
      return;
    }
    if (op.update().formula() instanceof RowwiseAdagradUpdate update) {
      rowwise.enqueue(op.update(), update, gradWeight, rows, null, 0);
      return;
    }
    int dim = op.gradWeight().columns();
    Kernel kernel = kernels.bound(op.update(), dim, Contributions.PLAIN, UPDATE);
    kernel.setArg(0, gradWeight);
    kernel.setArg(1, rows);
    kernel.setArg(2, dim);
    launcher.launch(kernel, dim, rows, 1);
  }
}
