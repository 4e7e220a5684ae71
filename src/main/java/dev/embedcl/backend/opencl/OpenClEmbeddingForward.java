package dev.embedcl.backend.opencl;

import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Positions;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/embedding_forward.cl}. */
final class OpenClEmbeddingForward {
  /** Sequences that one work-item serves with one load of the positional row. */
  private static final int ROWS_IN_FLIGHT = 4;

  private final Launcher launcher;
  private final Kernels kernels;

  OpenClEmbeddingForward(Launcher launcher) {
    this.launcher = launcher;
    this.kernels =
        launcher.kernels(
            "embedding_forward.cl", "embedding_forward", " -DROWS_IN_FLIGHT=" + ROWS_IN_FLIGHT);
  }

  void enqueue(EmbeddingForward op) {
    Positions positions = op.positions();
    Buffer weight = launcher.own(op.weight().buffer());
    Buffer indices = launcher.own(op.indices());
    Buffer positionTable = positions == null ? weight : launcher.own(positions.table().buffer());
    Buffer out = launcher.own(op.out().buffer());
    if (op.count() == 0) {
      return;
    }
    int dim = op.weight().columns();
    int batchSize = op.batchSize();
    int seqLen = op.seqLen();
    if (positions == null && batchSize < ROWS_IN_FLIGHT && op.count() % ROWS_IN_FLIGHT == 0) {
      // Rows without positions can be cut into sequences at will: here so that none is left over.
      batchSize = ROWS_IN_FLIGHT;
      seqLen = op.count() / ROWS_IN_FLIGHT;
    }
    Kernel kernel = kernels.variant(dim, (long) op.count() * dim * Float.BYTES);
    kernel.setArg(0, weight);
    kernel.setArg(1, (int) op.weight().rows());
    kernel.setArg(2, indices);
    kernel.setArg(3, positionTable);
    kernel.setArg(4, positions == null ? 0 : 1);
    kernel.setArg(5, positions == null ? 0 : positions.start());
    kernel.setArg(6, out);
    kernel.setArg(7, dim);
    kernel.setArg(8, batchSize);
    kernel.setArg(9, seqLen);
    kernel.setArg(10, launcher.badIndexStatus().use());
    launcher.launch(kernel, dim, seqLen, (batchSize - 1) / ROWS_IN_FLIGHT + 1);
  }
}
