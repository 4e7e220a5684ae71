package dev.embedcl.backend.opencl;

import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.RowNorms;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/** Enqueues {@code kernels/row_norms.cl}, a part of the rows at a time. */
final class OpenClRowNorms {
  private static final int LANES = EmbeddingRenorm.LANES;

  /** Rows that are worked on at a time, so that memory for their lanes stays small. */
  private static final int MOST_ROWS = 1 << 16;

  private final Launcher launcher;
  private final Kernels[] lanesKernels = new Kernels[3];
  private final Kernels[] ratesKernels = new Kernels[3];
  private final Scratch scratch;

  OpenClRowNorms(Launcher launcher) {
    this.launcher = launcher;
    for (int norm = 1; norm <= 3; norm++) {
      String option = " -DNORM=" + norm;
      lanesKernels[norm - 1] = launcher.kernels("row_norms.cl", "row_norms_lanes", option);
      ratesKernels[norm - 1] = launcher.kernels("row_norms.cl", "row_norms_rates", option);
    }
    this.scratch = new Scratch(launcher.context());
  }

  void enqueue(RowNorms op) {
    Buffer matrix = launcher.own(op.matrix().buffer());
    Buffer norms = launcher.own(op.norms().buffer());
    long rows = op.matrix().rows();
    int dim = op.matrix().columns();
    int norm = op.normType() == 1 ? 1 : op.normType() == 2 ? 2 : 3;
    for (long first = 0; first < rows; first += MOST_ROWS) {
      int some = (int) Math.min(MOST_ROWS, rows - first);
      Buffer lanes = scratch.atLeast((long) some * LANES * Float.BYTES);
      Kernel partial = lanesKernels[norm - 1].variant(dim, 0);
      partial.setArg(0, matrix);
      partial.setArg(1, first);
      partial.setArg(2, some);
      partial.setArg(3, dim);
      partial.setArg(4, lanes);
      launcher.launch(partial, LANES, some, 1);
      Kernel rates = ratesKernels[norm - 1].variant(dim, 0);
      rates.setArg(0, lanes);
      rates.setArg(1, first);
      rates.setArg(2, some);
      rates.setArg(3, norms);
      launcher.launch(rates, 1, some, 1);
    }
  }
}
