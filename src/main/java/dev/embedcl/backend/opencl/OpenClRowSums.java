package dev.embedcl.backend.opencl;

import dev.embedcl.backend.opencl.RowUpdateKernels.Contributions;
import dev.embedcl.op.CompactRows;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;

/**
 * Enqueues {@code kernels/embedding_update.cl}: sums by id in the deterministic order, which update
 * the rows of a table or go to a matrix of the batch's unique rows.
 */
final class OpenClRowSums {
  private static final String FILE = "embedding_update.cl";

  /** Where the update's arguments begin. */
  private static final int BLOCKS_UPDATE = 11;

  private static final int LONG_ROWS_UPDATE = 8;

  private final Launcher launcher;
  private final RowUpdateKernels blocks;
  private final RowUpdateKernels longRows;
  private final Scratch groupsOnDevice;
  private final Scratch compactOnDevice;
  private final Scratch scalesOnDevice;
  private final Scratch positionsOnDevice;
  private final Scratch slots;

  OpenClRowSums(Launcher launcher) {
    this.launcher = launcher;
    this.blocks = new RowUpdateKernels(launcher, FILE, "embedding_update_blocks");
    this.longRows = new RowUpdateKernels(launcher, FILE, "embedding_update_long_rows");
    this.groupsOnDevice = new Scratch(launcher.context());
    this.compactOnDevice = new Scratch(launcher.context());
    this.scalesOnDevice = new Scratch(launcher.context());
    this.positionsOnDevice = new Scratch(launcher.context());
    this.slots = new Scratch(launcher.context());
  }

  /**
   * Sums the contributions to each row and updates the table's row. There are some.
   *
   * @param winners what won each element of the gradient; read where the groups have positions
   */
  void enqueueUpdate(
      Buffer gradient, Buffer winners, IndexGroups groups, RowUpdate update, int dim) {
    Buffer device = upload(groups);
    int count = groups.count();
    launchBlocks(
        blocks.bound(update, dim, Contributions.of(groups), BLOCKS_UPDATE),
        gradient,
        winners,
        groups,
        device,
        device,
        count + groups.blocks() + 1,
        dim);
    if (groups.longRows() > 0) {
      launchLongRows(
          longRows.bound(update, dim, Contributions.PLAIN, LONG_ROWS_UPDATE),
          groups,
          device,
          device,
          count + 3 * groups.blocks() + 1,
          dim);
    }
  }

  /**
   * Sums the contributions to each row into a matrix of the unique rows. There are some.
   *
   * @param winners what won each element of the gradient; read where the groups have positions
   * @param values [uniqueRows, dim]
   * @return the table's rows that those of the matrix belong to, from the first integer on, until
   *     the next operation
   */
  Buffer enqueueCompact(
      Buffer gradient, Buffer winners, IndexGroups groups, Buffer values, int dim) {
    Buffer device = upload(groups);
    CompactRows compact = groups.compactRows();
    Buffer rows = compactOnDevice.atLeast((long) compact.packedLength() * Integer.BYTES);
    launcher.queue().write(rows, 0, compact.packed());
    launchBlocks(
        blocks.storing(values, dim, Contributions.of(groups), BLOCKS_UPDATE),
        gradient,
        winners,
        groups,
        device,
        rows,
        groups.uniqueRows(),
        dim);
    if (groups.longRows() > 0) {
      launchLongRows(
          longRows.storing(values, dim, Contributions.PLAIN, LONG_ROWS_UPDATE),
          groups,
          device,
          rows,
          groups.uniqueRows() + groups.blocks(),
          dim);
    }
    return rows;
  }

  private Buffer upload(IndexGroups groups) {
    Buffer device = groupsOnDevice.atLeast((long) groups.packedLength() * Integer.BYTES);
    launcher.queue().write(device, 0, groups.packed());
    return device;
  }

  private void launchBlocks(
      Kernel kernel,
      Buffer gradient,
      Buffer winners,
      IndexGroups groups,
      Buffer device,
      Buffer rowOf,
      int rowsAt,
      int dim) {
    Buffer scales = device; // not read where there are none
    if (groups.isScaled()) {
      scales = scalesOnDevice.atLeast((long) groups.count() * Float.BYTES);
      launcher.queue().write(scales, 0, groups.scales());
    }
    Buffer positions = device; // nor these
    if (groups.hasPositions()) {
      positions = positionsOnDevice.atLeast((long) groups.count() * Integer.BYTES);
      launcher.queue().write(positions, 0, groups.batchPositions());
    }
    kernel.setArg(0, gradient);
    kernel.setArg(1, device);
    kernel.setArg(2, scales);
    kernel.setArg(3, winners);
    kernel.setArg(4, positions);
    kernel.setArg(5, groups.count());
    kernel.setArg(6, groups.blocks());
    kernel.setArg(7, rowOf);
    kernel.setArg(8, rowsAt);
    kernel.setArg(9, slots(groups, dim));
    kernel.setArg(10, dim);
    launcher.launch(kernel, dim, groups.blocks(), 1);
  }

  private void launchLongRows(
      Kernel kernel, IndexGroups groups, Buffer device, Buffer rowOf, int rowsAt, int dim) {
    kernel.setArg(0, device);
    kernel.setArg(1, groups.count());
    kernel.setArg(2, groups.blocks());
    kernel.setArg(3, groups.longRows());
    kernel.setArg(4, rowOf);
    kernel.setArg(5, rowsAt);
    kernel.setArg(6, slots(groups, dim));
    kernel.setArg(7, dim);
    launcher.launch(kernel, dim, groups.longRows(), 1);
  }

  private Buffer slots(IndexGroups groups, int dim) {
    return slots.atLeast(Math.max(1L, groups.slots()) * dim * Float.BYTES);
  }
}
