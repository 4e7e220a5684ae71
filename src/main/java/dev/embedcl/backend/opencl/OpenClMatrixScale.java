package dev.embedcl.backend.opencl;

import dev.embedcl.op.MatrixScale;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/matrix_scale.cl}. */
final class OpenClMatrixScale {
  private final Launcher launcher;
  private final Kernels kernels;

  OpenClMatrixScale(Launcher launcher) {
    this.launcher = launcher;
    this.kernels = launcher.kernels("matrix_scale.cl", "matrix_scale");
  }

  void enqueue(MatrixScale op) {
    Buffer matrix = launcher.own(op.matrix().buffer());
    long rows = op.matrix().rows();
    if (rows == 0) {
      return;
    }
    int dim = op.matrix().columns();
    Kernel kernel = kernels.variant(dim, 0);
    kernel.setArg(0, matrix);
    kernel.setArg(1, rows);
    kernel.setArg(2, dim);
    kernel.setArg(3, op.factor());
    launcher.launch(kernel, dim, rows, 1);
  }
}
