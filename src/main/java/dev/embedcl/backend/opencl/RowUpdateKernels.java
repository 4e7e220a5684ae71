package dev.embedcl.backend.opencl;

import dev.embedcl.memory.DType;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import dev.embedcl.op.StochasticUpdate;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Kernel;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A kernel function that ends with an update of rows: one program for each kind of {@link
 * RowUpdate}, selected by the macro {@code UPDATE} of {@code kernels/row_update.clh}, for each
 * storage and rounding of tables, which {@code kernels/table.clh} has, and the update's arguments,
 * which are the function's last.
 */
final class RowUpdateKernels {
  private final Launcher launcher;
  private final String file;
  private final String name;
  private final Map<Program, Kernels> programs = new HashMap<>();

  /** The kinds of update, named as the kernels name them: {@code UPDATE_STORE}, … */
  private enum Kind {
    STORE,
    ACCUMULATE,
    SGD,
    MOMENTUM,
    ADAGRAD,
    ADAM
  }

  /**
   * What of a kernel's contributions is special.
   *
   * @param scaled whether they have scales
   * @param won whether they count only in the columns that they won
   */
  record Contributions(boolean scaled, boolean won) {
    static final Contributions PLAIN = new Contributions(false, false);

    static Contributions of(IndexGroups groups) {
      return new Contributions(groups.isScaled(), groups.hasPositions());
    }
  }

  private record Program(Kind kind, Contributions contributions, DType table, boolean stochastic) {}

  RowUpdateKernels(Launcher launcher, String file, String name) {
    this.launcher = launcher;
    this.file = file;
    this.name = name;
  }

  /**
   * Returns the kernel for an update of rows of {@code dim} columns, with the update's arguments
   * set.
   *
   * @param firstArg the function's first argument that is the update's
   */
  Kernel bound(RowUpdate update, int dim, Contributions contributions, int firstArg) {
    Kernel kernel =
        variant(
            new Program(
                kind(update.formula()),
                contributions,
                update.table().type(),
                update instanceof StochasticUpdate),
            dim);
    bind(kernel, firstArg, update);
    return kernel;
  }

  /** Returns the kernel that writes sums to a matrix, with that argument set. */
  Kernel storing(Buffer values, int dim, Contributions contributions, int firstArg) {
    Kernel kernel = variant(new Program(Kind.STORE, contributions, DType.FLOAT32, false), dim);
    kernel.setArg(firstArg, values);
    return kernel;
  }

  private Kernel variant(Program program, int dim) {
    Kernels kernels = programs.get(program);
    if (kernels == null) {
      String options =
          " -DUPDATE=UPDATE_"
              + program.kind
              + " -DSCALED="
              + (program.contributions.scaled ? 1 : 0)
              + " -DWON="
              + (program.contributions.won ? 1 : 0)
              + tableOptions(program.table, program.stochastic);
      kernels = launcher.kernels(file, name, options, program.table.bytes());
      programs.put(program, kernels);
    }
    return kernels.variant(dim, 0);
  }

  /** Returns the compiler options that select a table's storage and rounding. */
  static String tableOptions(DType table, boolean stochastic) {
    return " -DTABLE_STORAGE=STORAGE_" + table + " -DSTOCHASTIC=" + (stochastic ? 1 : 0);
  }

  /**
   * Sets the arguments that make up a table: its elements, and the source of its random bits.
   *
   * @return the number of the next argument
   */
  static int bindTable(Launcher launcher, Kernel kernel, int firstArg, RowUpdate update) {
    int arg = firstArg;
    kernel.setArg(arg++, launcher.own(update.table().buffer()));
    if (update instanceof StochasticUpdate rounding) {
      kernel.setArg(arg++, rounding.seed());
      kernel.setArg(arg++, rounding.step());
    }
    return arg;
  }

  private static Kind kind(RowUpdate update) {
    return switch (update) {
      case AccumulateUpdate _ -> Kind.ACCUMULATE;
      case SgdUpdate sgd -> sgd.momentumBuffer() == null ? Kind.SGD : Kind.MOMENTUM;
      case AdagradUpdate _ -> Kind.ADAGRAD;
      case AdamUpdate _ -> Kind.ADAM;
      case RowwiseAdagradUpdate _ ->
          throw new IllegalArgumentException("row-wise updates have kernels of their own");
      case StochasticUpdate _ -> throw new IllegalArgumentException("no formula: " + update);
    };
  }

  private void bind(Kernel kernel, int firstArg, RowUpdate update) {
    int arg = bindTable(launcher, kernel, firstArg, update);
    switch (update.formula()) {
      case AccumulateUpdate _, RowwiseAdagradUpdate _, StochasticUpdate _ -> {}
      case SgdUpdate sgd -> {
        kernel.setArg(arg++, sgd.learningRate());
        kernel.setArg(arg++, sgd.weightDecay());
        Matrix buffer = sgd.momentumBuffer();
        if (buffer != null) {
          kernel.setArg(arg++, launcher.own(buffer.buffer()));
          kernel.setArg(arg++, sgd.momentum());
          kernel.setArg(arg++, sgd.decay());
          kernel.setArg(arg++, sgd.gain());
          kernel.setArg(arg, sgd.nesterov() ? 1 : 0);
        }
      }
      case AdagradUpdate adagrad -> {
        kernel.setArg(arg++, launcher.own(adagrad.sums().buffer()));
        kernel.setArg(arg++, adagrad.learningRate());
        kernel.setArg(arg++, adagrad.eps());
        kernel.setArg(arg, adagrad.weightDecay());
      }
      case AdamUpdate adam -> {
        kernel.setArg(arg++, launcher.own(adam.firstMoment().buffer()));
        kernel.setArg(arg++, launcher.own(adam.secondMoment().buffer()));
        kernel.setArg(arg++, adam.beta1());
        kernel.setArg(arg++, adam.gain1());
        kernel.setArg(arg++, adam.beta2());
        kernel.setArg(arg++, adam.gain2());
        kernel.setArg(arg++, adam.rate());
        kernel.setArg(arg++, adam.correction());
        kernel.setArg(arg++, adam.eps());
        kernel.setArg(arg++, adam.weightDecay());
        kernel.setArg(arg, adam.shrink());
      }
    }
  }

  /** Throws unless the buffers of an update belong to the launcher's backend. */
  static void requireOwn(Launcher launcher, RowUpdate update) {
    launcher.own(update.table().buffer());
    requireOwn(launcher, update.firstState());
    requireOwn(launcher, update.secondState());
  }

  private static void requireOwn(Launcher launcher, @Nullable Matrix state) {
    if (state != null) {
      launcher.own(state.buffer());
    }
  }
}
