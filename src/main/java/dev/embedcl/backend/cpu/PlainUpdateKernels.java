package dev.embedcl.backend.cpu;

import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The optimizers' loops without the Vector API: over arrays, which the compiler vectorizes, through
 * which the rows pass a strip at a time, converted where the table is not float32. Also does what
 * is left of a row when no vector fits.
 */
final class PlainUpdateKernels implements UpdateKernels {
  /** Columns that are worked on at a time. */
  private static final int STRIP = RowStorage.STRIP;

  private final RowStorage storage;
  private final float[] w = new float[STRIP];
  private final float[] g = new float[STRIP];
  private final float[] s = new float[STRIP];
  private final float[] v = new float[STRIP];
  private final float[] lanes = new float[RowwiseAdagradUpdate.LANES];

  PlainUpdateKernels(RowStorage storage) {
    this.storage = storage;
  }

  @Override
  public void step(
      float rate,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long to = toAt + 4L * first;
      memory.loadTable(storage, to, w, width);
      load(gradients, gradientAt + 4L * first, g, width);
      step(w, g, rate, width);
      memory.storeTable(storage, to, w, width);
    }
  }

  @Override
  public void sgd(
      SgdUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long to = toAt + 4L * first;
      memory.loadTable(storage, to, w, width);
      load(gradients, gradientAt + 4L * first, g, width);
      decay(g, w, update.weightDecay(), width);
      if (update.momentumBuffer() != null) {
        load(memory.first(), to, s, width);
        blend(s, update.decay(), g, update.gain(), width);
        store(s, memory.first(), to, width);
        if (update.nesterov()) {
          lookAhead(g, s, update.momentum(), width);
        } else {
          System.arraycopy(s, 0, g, 0, width);
        }
      }
      step(w, g, update.learningRate(), width);
      memory.storeTable(storage, to, w, width);
    }
  }

  @Override
  public void adagrad(
      AdagradUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long to = toAt + 4L * first;
      memory.loadTable(storage, to, w, width);
      load(memory.first(), to, s, width);
      load(gradients, gradientAt + 4L * first, g, width);
      decay(g, w, update.weightDecay(), width);
      adagrad(w, s, g, update.learningRate(), update.eps(), width);
      store(s, memory.first(), to, width);
      memory.storeTable(storage, to, w, width);
    }
  }

  @Override
  public void adam(
      AdamUpdate update,
      CpuRowUpdate memory,
      MemorySegment gradients,
      long gradientAt,
      long toAt,
      int columns) {
    for (int first = 0; first < columns; first += STRIP) {
      int width = Math.min(STRIP, columns - first);
      long to = toAt + 4L * first;
      memory.loadTable(storage, to, w, width);
      load(memory.first(), to, s, width);
      load(memory.second(), to, v, width);
      load(gradients, gradientAt + 4L * first, g, width);
      scale(w, update.shrink(), width);
      decay(g, w, update.weightDecay(), width);
      blend(s, update.beta1(), g, update.gain1(), width);
      blendSquares(v, update.beta2(), g, update.gain2(), width);
      adam(w, s, v, update.rate(), update.correction(), update.eps(), width);
      store(s, memory.first(), to, width);
      store(v, memory.second(), to, width);
      memory.storeTable(storage, to, w, width);
    }
  }

  @Override
  public float sumOfSquares(MemorySegment rows, long rowAt, int columns) {
    Arrays.fill(lanes, 0);
    addSquares(lanes, rows, rowAt, 0, columns);
    return UpdateKernels.addLanes(lanes);
  }

  /** Adds the squares of the columns from {@code first} on to their lanes. */
  static void addSquares(float[] lanes, MemorySegment rows, long rowAt, int first, int columns) {
    for (int c = first; c < columns; c++) {
      float x = rows.get(FLOAT, rowAt + 4L * c);
      lanes[c % RowwiseAdagradUpdate.LANES] += x * x;
    }
  }

  private static void load(MemorySegment from, long at, float[] to, int width) {
    MemorySegment.copy(from, FLOAT, at, to, 0, width);
  }

  private static void store(float[] from, MemorySegment to, long at, int width) {
    MemorySegment.copy(from, 0, to, FLOAT, at, width);
  }

  private static void step(float[] w, float[] d, float rate, int width) {
    for (int i = 0; i < width; i++) {
      w[i] -= rate * d[i];
    }
  }

  private static void scale(float[] w, float factor, int width) {
    for (int i = 0; i < width; i++) {
      w[i] *= factor;
    }
  }

  private static void decay(float[] g, float[] w, float weightDecay, int width) {
    if (weightDecay != 0) {
      lookAhead(g, w, weightDecay, width);
    }
  }

  private static void lookAhead(float[] g, float[] s, float factor, int width) {
    for (int i = 0; i < width; i++) {
      g[i] += factor * s[i];
    }
  }

  private static void blend(float[] s, float kept, float[] g, float gain, int width) {
    for (int i = 0; i < width; i++) {
      s[i] = kept * s[i] + gain * g[i];
    }
  }

  private static void blendSquares(float[] v, float kept, float[] g, float gain, int width) {
    for (int i = 0; i < width; i++) {
      v[i] = kept * v[i] + gain * g[i] * g[i];
    }
  }

  private static void adagrad(float[] w, float[] s, float[] g, float rate, float eps, int width) {
    for (int i = 0; i < width; i++) {
      s[i] += g[i] * g[i];
      w[i] -= rate * g[i] / ((float) Math.sqrt(s[i]) + eps);
    }
  }

  private static void adam(
      float[] w, float[] m, float[] v, float rate, float correction, float eps, int width) {
    for (int i = 0; i < width; i++) {
      w[i] -= rate * m[i] / ((float) Math.sqrt(v[i]) / correction + eps);
    }
  }
}
