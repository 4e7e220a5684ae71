package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.StochasticUpdate;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Enqueues {@code kernels/rowwise_adagrad_update.cl}, for gradients of rows that stand one after
 * the other.
 */
final class OpenClRowwiseAdagradUpdate {
  private static final int LANES = RowwiseAdagradUpdate.LANES;

  /** Rows that are updated at a time, so that memory for their lanes stays small. */
  private static final int MOST_ROWS = 1 << 16;

  private final Launcher launcher;
  private final Kernels lanesKernels;
  private final Kernels ratesKernels;
  private final Map<Program, Kernels> rowsKernels = new HashMap<>();
  private final Scratch sums;
  private final Scratch lanes;

  private record Program(DType table, boolean stochastic) {}

  OpenClRowwiseAdagradUpdate(Launcher launcher) {
    this.launcher = launcher;
    this.lanesKernels = kernels("rowwise_adagrad_update_lanes", "", Float.BYTES);
    this.ratesKernels = kernels("rowwise_adagrad_update_rates", "", Float.BYTES);
    this.sums = new Scratch(launcher.context());
    this.lanes = new Scratch(launcher.context());
  }

  /** Returns memory for the gradients of so many rows, until the next operation. */
  Buffer gradients(long rows, int dim) {
    return sums.atLeast(rows * dim * Float.BYTES);
  }

  /**
   * Updates rows of the table.
   *
   * @param rounded the update itself, or what rounds its results
   * @param gradients [rows, dim]
   * @param tableRows the table's rows that those belong to, or null when they follow each other
   * @param start the first of them where {@code tableRows} is null
   */
  void enqueue(
      RowUpdate rounded,
      RowwiseAdagradUpdate update,
      Buffer gradients,
      long rows,
      @Nullable Buffer tableRows,
      long start) {
    Buffer state = launcher.own(update.sums().buffer());
    int dim = update.table().columns();
    Buffer rowsOrAny = tableRows == null ? gradients : tableRows;
    int rowsAt = tableRows == null ? -1 : 0;
    Buffer lane = lanes.atLeast(Math.min(rows, MOST_ROWS) * LANES * Float.BYTES);
    for (long first = 0; first < rows; first += MOST_ROWS) {
      int some = (int) Math.min(MOST_ROWS, rows - first);
      Kernel squares = lanesKernels.variant(dim, 0);
      squares.setArg(0, gradients);
      squares.setArg(1, first);
      squares.setArg(2, some);
      squares.setArg(3, dim);
      squares.setArg(4, lane);
      launcher.launch(squares, LANES, some, 1);
      Kernel rates = ratesKernels.variant(dim, 0);
      rates.setArg(0, lane);
      rates.setArg(1, first);
      rates.setArg(2, some);
      rates.setArg(3, dim);
      rates.setArg(4, rowsOrAny);
      rates.setArg(5, rowsAt);
      rates.setArg(6, start);
      rates.setArg(7, state);
      rates.setArg(8, update.learningRate());
      rates.setArg(9, update.eps());
      launcher.launch(rates, 1, some, 1);
      Kernel change = rowsKernels(rounded).variant(dim, 0);
      change.setArg(0, gradients);
      change.setArg(1, lane);
      change.setArg(2, first);
      change.setArg(3, some);
      change.setArg(4, dim);
      change.setArg(5, rowsOrAny);
      change.setArg(6, rowsAt);
      change.setArg(7, start);
      RowUpdateKernels.bindTable(launcher, change, 8, rounded);
      launcher.launch(change, dim, some, 1);
    }
  }

  private Kernels rowsKernels(RowUpdate rounded) {
    DType table = rounded.table().type();
    return rowsKernels.computeIfAbsent(
        new Program(table, rounded instanceof StochasticUpdate),
        program ->
            kernels(
                "rowwise_adagrad_update_rows",
                RowUpdateKernels.tableOptions(program.table, program.stochastic),
                program.table.bytes()));
  }

  private Kernels kernels(String name, String options, int elementBytes) {
    return launcher.kernels("rowwise_adagrad_update.cl", name, options, elementBytes);
  }
}
