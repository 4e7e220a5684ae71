package dev.embedcl.optim;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.Parameter;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.MatrixScale;
import dev.embedcl.op.RowNorms;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Scales gradients down whose norm over all parameters together is too large: PyTorch's {@code
 * clip_grad_norm_}, and what optimizers do with a {@link Optimizer#maxGradNorm}.
 *
 * <p>Order of the sums, the same bits everywhere: the columns of each row as {@link RowNorms} adds
 * them, in float32 on the device; then the rows of each gradient in ascending order, gradient after
 * gradient, in float64 on the host. Rows of zeros make no difference, so a sparse gradient has the
 * norm of its dense form. The factor {@code maxNorm / (norm + 1e-6)} is computed in float64 and
 * rounded to float32; one that would not be less than 1 leaves gradients as they are, and one of a
 * norm that is not a number makes all of them not a number, as in PyTorch.
 */
public final class GradientClipping {
  private static final double EPS = 1e-6;

  /** Norms that are read at a time. */
  private static final int PART = 1 << 16;

  private GradientClipping() {}

  /**
   * Clips by the Euclidean norm; see {@link #clipNorm(List, double, double)}.
   *
   * @throws IllegalArgumentException if {@code maxNorm} is out of its range
   */
  public static double clipNorm(List<Parameter> parameters, double maxNorm) {
    return clipNorm(parameters, maxNorm, 2);
  }

  /**
   * Scales the gradients that parameters have, in place, so that their norm is at most {@code
   * maxNorm}. Waits for the device.
   *
   * @param maxNorm finite and not negative
   * @param normType 1, 2 or infinity
   * @return the norm before; 0 where no parameter has a gradient
   * @throws IllegalArgumentException if a number is out of its range
   * @throws IllegalStateException if a parameter or its backend was closed
   */
  public static double clipNorm(List<Parameter> parameters, double maxNorm, double normType) {
    EmbeddingRenorm.requireMaxNorm(maxNorm);
    RowNorms.requireNormType(normType);
    List<Gradient> gradients = new ArrayList<>();
    for (Parameter parameter : parameters) {
      Optional<Matrix> grad = parameter.grad();
      grad.ifPresent(matrix -> gradients.add(new Gradient(parameter.backend(), matrix)));
    }
    return clip(gradients, maxNorm, normType);
  }

  /** A gradient, or a part of one that holds all its rows that are not zeros. */
  record Gradient(Backend backend, Matrix matrix) {}

  static double clip(List<Gradient> gradients, double maxNorm, double normType) {
    double total = 0;
    for (Gradient gradient : gradients) {
      total = add(total, gradient, normType);
    }
    double norm = normType == 2 ? Math.sqrt(total) : total;
    double factor = maxNorm / (norm + EPS);
    if (!(factor >= 1)) {
      for (Gradient gradient : gradients) {
        gradient.backend.execute(new MatrixScale(gradient.matrix, (float) factor));
      }
    }
    return norm;
  }

  private static double add(double total, Gradient gradient, double normType) {
    long rows = gradient.matrix.rows();
    double sum = total;
    try (DeviceBuffer norms = gradient.backend.allocate(DType.FLOAT32, rows)) {
      gradient.backend.execute(new RowNorms(gradient.matrix, new Matrix(norms, rows, 1), normType));
      float[] part = new float[(int) Math.min(PART, rows)];
      for (long first = 0; first < rows; first += PART) {
        int some = (int) Math.min(PART, rows - first);
        norms.read(first, MemorySegment.ofArray(part).asSlice(0, (long) some * Float.BYTES));
        for (int i = 0; i < some; i++) {
          // Math.max keeps a NaN, as the sum does.
          sum = normType == Double.POSITIVE_INFINITY ? Math.max(sum, part[i]) : sum + part[i];
        }
      }
    }
    return sum;
  }
}
