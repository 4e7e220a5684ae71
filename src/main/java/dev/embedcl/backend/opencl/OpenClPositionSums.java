package dev.embedcl.backend.opencl;

import dev.embedcl.backend.opencl.RowUpdateKernels.Contributions;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/position_update.cl}: sums by position in the deterministic order. */
final class OpenClPositionSums {
  private static final int UPDATE = 5;

  private final Launcher launcher;
  private final RowUpdateKernels kernels;

  OpenClPositionSums(Launcher launcher) {
    this.launcher = launcher;
    this.kernels = new RowUpdateKernels(launcher, "position_update.cl", "position_update");
  }

  /** Sums over the batch for each position, and updates the table's rows from start on. */
  void enqueueUpdate(
      Buffer gradient, RowUpdate update, int start, int batchSize, int seqLen, int dim) {
    launch(
        kernels.bound(update, dim, Contributions.PLAIN, UPDATE),
        gradient,
        start,
        batchSize,
        seqLen,
        dim);
  }

  /** Sums over the batch for each position, into a matrix [seqLen, dim]. */
  void enqueueCompact(Buffer gradient, Buffer values, int batchSize, int seqLen, int dim) {
    launch(
        kernels.storing(values, dim, Contributions.PLAIN, UPDATE),
        gradient,
        0,
        batchSize,
        seqLen,
        dim);
  }

  private void launch(
      Kernel kernel, Buffer gradient, int start, int batchSize, int seqLen, int dim) {
    if (batchSize == 0 || seqLen == 0) {
      return;
    }
    kernel.setArg(0, gradient);
    kernel.setArg(1, batchSize);
    kernel.setArg(2, seqLen);
    kernel.setArg(3, start);
    kernel.setArg(4, dim);
    launcher.launch(kernel, dim, seqLen, 1);
  }
}
