package dev.embedcl.backend.opencl;

import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.Positions;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import org.jspecify.annotations.Nullable;

/** Enqueues {@code kernels/embedding_backward_atomic.cl}. */
final class OpenClEmbeddingBackwardAtomic {
  /**
   * Fewer work-items than this leave a device idle: then the positions are summed in a launch of
   * their own, and the scatter takes one work-item for each row instead of one for each position.
   */
  private static final long FEW_ITEMS = 1 << 14;

  private final Launcher launcher;
  private final OpenClPositionSums positionSums;
  private @Nullable Kernels scatter;

  OpenClEmbeddingBackwardAtomic(Launcher launcher, OpenClPositionSums positionSums) {
    this.launcher = launcher;
    this.positionSums = positionSums;
  }

  void enqueue(EmbeddingBackwardAtomic op) {
    Positions positions = op.gradPositions();
    Buffer gradOutput = launcher.own(op.gradOutput().buffer());
    Buffer indices = launcher.own(op.indices());
    Buffer gradWeight = launcher.own(op.gradWeight().buffer());
    Buffer gradPositions = positions == null ? null : launcher.own(positions.table().buffer());
    int count = op.batchSize() * op.seqLen();
    if (count == 0) {
      return;
    }
    Kernels kernels = scatter;
    if (kernels == null) {
      kernels = scatterKernels(launcher, FloatAtomics.choose(launcher));
      scatter = kernels;
    }
    int dim = op.gradWeight().columns();
    boolean oneWalk = positions != null && (long) op.seqLen() * dim >= FEW_ITEMS;
    launchScatter(
        launcher,
        kernels.variant(dim, 0),
        gradOutput,
        indices,
        gradWeight,
        (int) op.gradWeight().rows(),
        (int) op.paddingIdx(),
        oneWalk ? gradPositions : null,
        positions == null ? 0 : positions.start(),
        dim,
        oneWalk ? op.batchSize() : 1,
        oneWalk ? op.seqLen() : count);
    if (positions != null && !oneWalk) {
      positionSums.enqueueUpdate(
          gradOutput,
          new AccumulateUpdate(positions.table()),
          positions.start(),
          op.batchSize(),
          op.seqLen(),
          dim);
    }
  }

  static Kernels scatterKernels(Launcher launcher, FloatAtomics way) {
    return launcher.kernels(
        "embedding_backward_atomic.cl", "embedding_backward_atomic", way.options());
  }

  static void launchScatter(
      Launcher launcher,
      Kernel kernel,
      Buffer gradOutput,
      Buffer indices,
      Buffer gradWeight,
      int numEmbeddings,
      int paddingIdx,
      @Nullable Buffer gradPositions,
      int start,
      int dim,
      int batchSize,
      int seqLen) {
    kernel.setArg(0, gradOutput);
    kernel.setArg(1, indices);
    kernel.setArg(2, gradWeight);
    kernel.setArg(3, numEmbeddings);
    kernel.setArg(4, paddingIdx);
    kernel.setArg(5, gradPositions == null ? gradWeight : gradPositions);
    kernel.setArg(6, gradPositions == null ? 0 : 1);
    kernel.setArg(7, start);
    kernel.setArg(8, dim);
    kernel.setArg(9, batchSize);
    kernel.setArg(10, seqLen);
    kernel.setArg(11, launcher.badIndexStatus().use());
    launcher.launch(kernel, dim, seqLen, 1);
  }
}
