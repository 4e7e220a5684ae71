package dev.embedcl.backend.opencl;

import dev.embedcl.op.DenseSgdStep;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/dense_sgd_step.cl}. */
final class OpenClDenseSgdStep {
  private final Launcher launcher;
  private final Kernels kernels;

  OpenClDenseSgdStep(Launcher launcher) {
    this.launcher = launcher;
    this.kernels = launcher.kernels("dense_sgd_step.cl", "dense_sgd_step");
  }

  void enqueue(DenseSgdStep op) {
    Buffer gradWeight = launcher.own(op.gradWeight().buffer());
    Buffer weight = launcher.own(op.weight().buffer());
    long rows = op.weight().rows();
    if (rows == 0) {
      return;
    }
    int dim = op.weight().columns();
    Kernel kernel = kernels.variant(dim, 0);
    kernel.setArg(0, gradWeight);
    kernel.setArg(1, weight);
    kernel.setArg(2, rows);
    kernel.setArg(3, dim);
    kernel.setArg(4, op.learningRate());
    launcher.launch(kernel, dim, rows, 1);
  }
}
