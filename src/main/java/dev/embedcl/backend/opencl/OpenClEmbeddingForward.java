package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Positions;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import java.util.HashMap;
import java.util.Map;

/** Enqueues {@code kernels/embedding_forward.cl}. */
final class OpenClEmbeddingForward {
  /** Sequences that one work-item serves with one load of the positional row. */
  private static final int ROWS_IN_FLIGHT = 4;

  private final Launcher launcher;
  private final Map<Storage, Kernels> kernels = new HashMap<>();

  private record Storage(DType weight, DType positions, DType out) {}

  OpenClEmbeddingForward(Launcher launcher) {
    this.launcher = launcher;
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
    Kernel kernel = kernels(op).variant(dim, op.count() * op.out().rowBytes());
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

  private Kernels kernels(EmbeddingForward op) {
    Positions positions = op.positions();
    DType weight = op.weight().type();
    // Without positions any will do: the fewer programs, the better. None are quantised.
    DType any = weight == DType.UINT8 ? DType.FLOAT32 : weight;
    DType added = positions == null ? any : positions.table().type();
    return kernels.computeIfAbsent(
        new Storage(weight, added, op.out().type()),
        storage ->
            launcher.kernels(
                "embedding_forward.cl",
                "embedding_forward",
                " -DROWS_IN_FLIGHT="
                    + ROWS_IN_FLIGHT
                    + " -DWEIGHT_STORAGE=STORAGE_"
                    + storage.weight
                    + " -DPOSITION_STORAGE=STORAGE_"
                    + storage.positions
                    + " -DOUT_STORAGE=STORAGE_"
                    + storage.out));
  }
}
