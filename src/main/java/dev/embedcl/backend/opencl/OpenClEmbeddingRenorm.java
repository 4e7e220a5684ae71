package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;

/**
 * Enqueues {@code kernels/embedding_renorm.cl}, a part of the rows at a time; for norms that are
 * computed on the host, waits for the rows.
 */
final class OpenClEmbeddingRenorm {
  private static final int LANES = EmbeddingRenorm.LANES;

  /** Rows that are worked on at a time, so that memory for their lanes stays small. */
  private static final int MOST_ROWS = 1 << 16;

  /** Elements of rows that the host gets at a time. */
  private static final int HOST_ELEMENTS = 1 << 20;

  private final Launcher launcher;
  private final Map<DType, Programs> programs = new EnumMap<>(DType.class);
  private final Scratch rowNumbers;
  private final Scratch factors;
  private final Scratch gathered;

  OpenClEmbeddingRenorm(Launcher launcher) {
    this.launcher = launcher;
    this.rowNumbers = new Scratch(launcher.context());
    this.factors = new Scratch(launcher.context());
    this.gathered = new Scratch(launcher.context());
  }

  void enqueue(EmbeddingRenorm op) {
    Buffer table = launcher.own(op.weight().buffer());
    int rows = op.rows();
    int dim = op.weight().columns();
    Programs kernels = programs.computeIfAbsent(op.weight().type(), Programs::new);
    int most = op.isOnDevice() ? MOST_ROWS : Math.max(1, Math.min(MOST_ROWS, HOST_ELEMENTS / dim));
    for (int first = 0; first < rows; first += most) {
      int[] part = new int[Math.min(most, rows - first)];
      for (int i = 0; i < part.length; i++) {
        part[i] = op.row(first + i);
      }
      Buffer numbers = rowNumbers.atLeast((long) most * Integer.BYTES);
      launcher.queue().write(numbers, 0, MemorySegment.ofArray(part));
      if (op.isOnDevice()) {
        Buffer lanes = factors.atLeast((long) part.length * LANES * Float.BYTES);
        enqueueFactors(kernels, op, table, numbers, part.length, lanes);
        enqueueRows(kernels, table, numbers, part.length, dim, lanes, LANES);
      } else {
        Buffer one = factors.atLeast((long) part.length * Float.BYTES);
        launcher.queue().write(one, 0, factorsOnHost(kernels, op, table, numbers, part.length));
        enqueueRows(kernels, table, numbers, part.length, dim, one, 1);
      }
    }
  }

  private void enqueueFactors(
      Programs kernels, EmbeddingRenorm op, Buffer table, Buffer numbers, int rows, Buffer lanes) {
    int dim = op.weight().columns();
    int norm = op.normType() == 1 ? 1 : op.normType() == 2 ? 2 : 3;
    Kernel partial = kernels.lanes[norm - 1].variant(dim, 0);
    partial.setArg(0, table);
    partial.setArg(1, numbers);
    partial.setArg(2, rows);
    partial.setArg(3, dim);
    partial.setArg(4, lanes);
    launcher.launch(partial, LANES, rows, 1);
    Kernel rates = kernels.rates[norm - 1].variant(dim, 0);
    rates.setArg(0, lanes);
    rates.setArg(1, rows);
    rates.setArg(2, (float) op.maxNorm());
    launcher.launch(rates, 1, rows, 1);
  }

  private MemorySegment factorsOnHost(
      Programs kernels, EmbeddingRenorm op, Buffer table, Buffer numbers, int rows) {
    int dim = op.weight().columns();
    Buffer copies = gathered.atLeast((long) rows * dim * Float.BYTES);
    Kernel gather = kernels.gather.variant(dim, 0);
    gather.setArg(0, table);
    gather.setArg(1, numbers);
    gather.setArg(2, rows);
    gather.setArg(3, dim);
    gather.setArg(4, copies);
    launcher.launch(gather, dim, rows, 1);
    MemorySegment host = MemorySegment.ofArray(new float[rows * dim]);
    launcher.queue().read(copies, 0, host);
    float[] result = new float[rows];
    for (int row = 0; row < rows; row++) {
      result[row] = op.factor(host, (long) row * dim * Float.BYTES);
    }
    return MemorySegment.ofArray(result);
  }

  private void enqueueRows(
      Programs kernels,
      Buffer table,
      Buffer numbers,
      int rows,
      int dim,
      Buffer factor,
      int stride) {
    Kernel kernel = kernels.rows.variant(dim, 0);
    kernel.setArg(0, table);
    kernel.setArg(1, numbers);
    kernel.setArg(2, rows);
    kernel.setArg(3, dim);
    kernel.setArg(4, factor);
    kernel.setArg(5, stride);
    launcher.launch(kernel, dim, rows, 1);
  }

  /** The kernels for tables of one storage type. */
  private final class Programs {
    private final DType table;
    private final Kernels[] lanes = new Kernels[3];
    private final Kernels[] rates = new Kernels[3];
    private final Kernels rows;
    private final Kernels gather;

    Programs(DType table) {
      this.table = table;
      for (int norm = 1; norm <= 3; norm++) {
        lanes[norm - 1] = kernels("embedding_renorm_lanes", norm);
        rates[norm - 1] = kernels("embedding_renorm_rates", norm);
      }
      this.rows = kernels("embedding_renorm_rows", 2);
      this.gather = kernels("embedding_renorm_gather", 2);
    }

    private Kernels kernels(String name, int norm) {
      return launcher.kernels(
          "embedding_renorm.cl",
          name,
          RowUpdateKernels.tableOptions(table, false) + " -DNORM=" + norm,
          table.bytes());
    }
  }
}
