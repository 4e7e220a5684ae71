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
  private final Launcher launcher;
  private final Map<Program, Kernels> kernels = new HashMap<>();

  private record Program(DType weight, DType positions, DType out, int rowsInFlight) {}

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
    // Sequences that one work-item serves with one load of the positional row.
    int rowsInFlight = launcher.profile().rowsInFlight();
    if (positions == null && batchSize < rowsInFlight && op.count() % rowsInFlight == 0) {
      // Rows without positions can be cut into sequences at will: here so that none is left over.
      batchSize = rowsInFlight;
      seqLen = op.count() / rowsInFlight;
    }
    Kernel kernel = kernels(op, rowsInFlight).variant(dim, op.count() * op.out().rowBytes());
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
    launcher.launch(kernel, dim, seqLen, (batchSize - 1) / rowsInFlight + 1);
  }

  private Kernels kernels(EmbeddingForward op, int rowsInFlight) {
    Positions positions = op.positions();
    DType weight = op.weight().type();
    // Without positions any will do: the fewer programs, the better. None are quantised.
    DType any = weight == DType.UINT8 ? DType.FLOAT32 : weight;
    DType added = positions == null ? any : positions.table().type();
    return kernels.computeIfAbsent(
        new Program(weight, added, op.out().type(), rowsInFlight),
        program ->
            launcher.kernels(
                "embedding_forward.cl",
                "embedding_forward",
                " -DROWS_IN_FLIGHT="
                    + program.rowsInFlight
                    + " -DWEIGHT_STORAGE=STORAGE_"
                    + program.weight
                    + " -DPOSITION_STORAGE=STORAGE_"
                    + program.positions
                    + " -DOUT_STORAGE=STORAGE_"
                    + program.out,
                Kernels.narrowestBytes(program.weight, program.out)));
  }
}
