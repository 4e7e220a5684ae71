package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.op.PerSampleWeightsGradient;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import java.util.EnumMap;
import java.util.Map;

/** Enqueues {@code kernels/per_sample_weights_gradient.cl}. */
final class OpenClPerSampleWeightsGradient {
  private final Launcher launcher;
  private final Map<DType, Kernels> kernels = new EnumMap<>(DType.class);

  OpenClPerSampleWeightsGradient(Launcher launcher) {
    this.launcher = launcher;
  }

  void enqueue(PerSampleWeightsGradient op) {
    launcher.own(op.weight().buffer());
    OpenClBags.requireOwn(launcher, op.bags());
    Buffer gradOutput = launcher.own(op.gradOutput().buffer());
    Buffer gradWeights = launcher.own(op.gradWeights());
    int count = op.bags().count();
    if (count == 0) {
      return;
    }
    int dim = op.weight().columns();
    Kernel kernel = kernels.computeIfAbsent(op.weight().type(), this::kernels).variant(dim, 0);
    OpenClBags.bind(kernel, launcher, op.weight(), op.bags());
    kernel.setArg(7, gradOutput);
    kernel.setArg(8, gradWeights);
    kernel.setArg(9, dim);
    kernel.setArg(10, launcher.badIndexStatus().use());
    launcher.launch(kernel, 1, count, 1);
  }

  private Kernels kernels(DType weight) {
    return launcher.kernels(
        "per_sample_weights_gradient.cl",
        "per_sample_weights_gradient",
        " -DWEIGHT_STORAGE=STORAGE_" + weight,
        weight.bytes());
  }
}
