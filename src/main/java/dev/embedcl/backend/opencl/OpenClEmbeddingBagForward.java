package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import org.jspecify.annotations.Nullable;

/** Enqueues {@code kernels/embedding_bag_forward.cl}. */
final class OpenClEmbeddingBagForward {
  /** Rows that a work-item loads at a time. */
  private static final int ROWS_IN_FLIGHT = 8;

  private final Launcher launcher;
  private final Kernels sum;
  private final Kernels weightedSum;
  private final Kernels mean;
  private final Kernels max;

  OpenClEmbeddingBagForward(Launcher launcher) {
    this.launcher = launcher;
    this.sum = kernels(BagMode.SUM, false);
    this.weightedSum = kernels(BagMode.SUM, true);
    this.mean = kernels(BagMode.MEAN, false);
    this.max = kernels(BagMode.MAX, false);
  }

  void enqueue(EmbeddingBagForward op) {
    Buffer weight = launcher.own(op.weight().buffer());
    OpenClBags.requireOwn(launcher, op.bags());
    // Neither is touched where there is none.
    Buffer sampleWeights = ownOr(weight, op.perSampleWeights());
    Buffer out = launcher.own(op.out().buffer());
    Buffer winners = ownOr(out, op.winners());
    int bags = op.bags().bags();
    if (bags == 0) {
      return;
    }
    int dim = op.weight().columns();
    Kernels variants =
        switch (op.mode()) {
          case SUM -> op.perSampleWeights() == null ? sum : weightedSum;
          case MEAN -> mean;
          case MAX -> max;
        };
    Kernel kernel = variants.variant(dim, (long) bags * dim * Float.BYTES);
    OpenClBags.bind(kernel, launcher, op.weight(), op.bags());
    kernel.setArg(7, sampleWeights);
    kernel.setArg(8, out);
    kernel.setArg(9, winners);
    kernel.setArg(10, dim);
    kernel.setArg(11, launcher.badIndexStatus().use());
    launcher.launch(kernel, dim, bags, 1);
  }

  private Buffer ownOr(Buffer other, @Nullable DeviceBuffer buffer) {
    return buffer == null ? other : launcher.own(buffer);
  }

  private Kernels kernels(BagMode mode, boolean weighted) {
    return launcher.kernels(
        "embedding_bag_forward.cl",
        "embedding_bag_forward",
        " -DBAG_MODE=BAG_"
            + mode
            + " -DWEIGHTED="
            + (weighted ? 1 : 0)
            + " -DROWS_IN_FLIGHT="
            + ROWS_IN_FLIGHT);
  }
}
