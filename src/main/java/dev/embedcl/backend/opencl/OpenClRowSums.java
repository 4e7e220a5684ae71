package dev.embedcl.backend.opencl;

import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Positions;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import org.jspecify.annotations.Nullable;

/**
 * Enqueues the three launches of an operation that sums rows in the deterministic order; see {@code
 * kernels/row_sums.clh}. The operation's stem names file and kernels.
 */
final class OpenClRowSums {
  private final Launcher launcher;
  private final boolean hasScale;
  private final Kernels blocks;
  private final Kernels longRows;
  private final Kernels positions;
  private final Scratch groupsOnDevice;
  private final Scratch slots;

  /**
   * @param stem the operation's file name without its ending
   * @param hasScale whether the kernels take a float as their last argument
   */
  OpenClRowSums(Launcher launcher, String stem, boolean hasScale) {
    this.launcher = launcher;
    this.hasScale = hasScale;
    this.blocks = launcher.kernels(stem + ".cl", stem + "_blocks");
    this.longRows = launcher.kernels(stem + ".cl", stem + "_long_rows");
    this.positions = launcher.kernels(stem + ".cl", stem + "_positions");
    this.groupsOnDevice = new Scratch(launcher.context());
    this.slots = new Scratch(launcher.context());
  }

  /** Sums the contributions to each row of a table. */
  void enqueueRows(Matrix gradOutput, IndexGroups groups, Matrix table, float scale) {
    Buffer gradient = launcher.own(gradOutput.buffer());
    Buffer rows = launcher.own(table.buffer());
    if (groups.count() == 0) {
      return;
    }
    int dim = table.columns();
    Buffer device = groupsOnDevice.atLeast((long) groups.packedLength() * Integer.BYTES);
    launcher.queue().write(device, 0, groups.packed());
    Buffer slotBuffer = slots.atLeast(Math.max(1L, groups.slots()) * dim * Float.BYTES);
    Kernel kernel = blocks.variant(dim, 0);
    kernel.setArg(0, gradient);
    kernel.setArg(1, device);
    kernel.setArg(2, groups.count());
    kernel.setArg(3, groups.blocks());
    kernel.setArg(4, slotBuffer);
    kernel.setArg(5, rows);
    kernel.setArg(6, dim);
    launch(kernel, 7, scale, dim, groups.blocks());
    if (groups.longRows() > 0) {
      Kernel second = longRows.variant(dim, 0);
      second.setArg(0, device);
      second.setArg(1, groups.count());
      second.setArg(2, groups.blocks());
      second.setArg(3, groups.longRows());
      second.setArg(4, slotBuffer);
      second.setArg(5, rows);
      second.setArg(6, dim);
      launch(second, 7, scale, dim, groups.longRows());
    }
  }

  /** Sums over the batch for each position. */
  void enqueuePositions(
      Matrix gradOutput, @Nullable Positions slice, int batchSize, int seqLen, float scale) {
    if (slice == null) {
      return;
    }
    Buffer gradient = launcher.own(gradOutput.buffer());
    Buffer table = launcher.own(slice.table().buffer());
    if (batchSize == 0 || seqLen == 0) {
      return;
    }
    int dim = slice.table().columns();
    Kernel kernel = positions.variant(dim, 0);
    kernel.setArg(0, gradient);
    kernel.setArg(1, batchSize);
    kernel.setArg(2, seqLen);
    kernel.setArg(3, slice.start());
    kernel.setArg(4, table);
    kernel.setArg(5, dim);
    launch(kernel, 6, scale, dim, seqLen);
  }

  private void launch(Kernel kernel, int scaleArg, float scale, int dim, int rows) {
    if (hasScale) {
      kernel.setArg(scaleArg, scale);
    }
    launcher.launch(kernel, dim, rows, 1);
  }
}
