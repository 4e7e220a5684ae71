package dev.embedcl.backend.opencl;

import dev.embedcl.op.IndexClamp;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/index_clamp.cl}. */
final class OpenClIndexClamp {
  private final Launcher launcher;
  private final Kernels kernels;

  OpenClIndexClamp(Launcher launcher) {
    this.launcher = launcher;
    this.kernels = launcher.kernels("index_clamp.cl", "index_clamp");
  }

  void enqueue(IndexClamp op) {
    Buffer indices = launcher.own(op.indices());
    Buffer out = launcher.own(op.out());
    if (op.count() == 0) {
      return;
    }
    Kernel kernel = kernels.variant(1, 0);
    kernel.setArg(0, indices);
    kernel.setArg(1, op.count());
    kernel.setArg(2, (int) op.numEmbeddings());
    kernel.setArg(3, op.replacement());
    kernel.setArg(4, out);
    launcher.launch(kernel, 1, op.count(), 1);
  }
}
