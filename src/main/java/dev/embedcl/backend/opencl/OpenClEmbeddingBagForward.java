package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Enqueues {@code kernels/embedding_bag_forward.cl}. */
final class OpenClEmbeddingBagForward {
  /**
   * Column vectors that are summed while the rows pass by once, where a work-item has whole rows:
   * those of 64 columns in vectors of 64 bytes, which leaves the narrowest CPUs half of their
   * registers.
   */
  private static final int VECTORS_IN_FLIGHT = 4;

  private final Launcher launcher;
  private final Map<Program, Kernels> programs = new HashMap<>();

  private record Program(
      boolean max, boolean weighted, DType weight, DType out, int rowsInFlight) {}

  OpenClEmbeddingBagForward(Launcher launcher) {
    this.launcher = launcher;
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
    Program program =
        new Program(
            op.mode() == BagMode.MAX,
            op.perSampleWeights() != null,
            op.weight().type(),
            op.out().type(),
            launcher.profile().bagRowsInFlight());
    Kernel kernel =
        programs.computeIfAbsent(program, this::kernels).variant(dim, bags * op.out().rowBytes());
    OpenClBags.bind(kernel, launcher, op.weight(), op.bags());
    kernel.setArg(7, sampleWeights);
    kernel.setArg(8, out);
    kernel.setArg(9, winners);
    kernel.setArg(10, dim);
    kernel.setArg(11, op.mode() == BagMode.MEAN ? 1 : 0);
    kernel.setArg(12, launcher.badIndexStatus().use());
    launcher.launch(kernel, dim, bags, 1);
  }

  private Buffer ownOr(Buffer other, @Nullable DeviceBuffer buffer) {
    return buffer == null ? other : launcher.own(buffer);
  }

  private Kernels kernels(Program program) {
    return launcher.kernels(
        "embedding_bag_forward.cl",
        "embedding_bag_forward",
        " -DBAG_MODE=BAG_"
            + (program.max ? "MAX" : "SUM")
            + " -DWEIGHTED="
            + (program.weighted ? 1 : 0)
            + " -DWEIGHT_STORAGE=STORAGE_"
            + program.weight
            + " -DOUT_STORAGE=STORAGE_"
            + program.out
            + " -DROWS_IN_FLIGHT="
            + program.rowsInFlight
            + " -DVECTORS_IN_FLIGHT="
            + (launcher.profile().workGroupItems() == 1 ? VECTORS_IN_FLIGHT : 1),
        Kernels.narrowestBytes(program.weight, program.out));
  }
}
