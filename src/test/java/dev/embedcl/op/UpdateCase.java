package dev.embedcl.op;

import dev.embedcl.backend.TestMemory;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Each kind of {@link RowUpdate} with some numbers, and its formula once more, element by element
 * in the plainest Java.
 */
enum UpdateCase {
  ACCUMULATE,
  SGD,
  SGD_WITH_WEIGHT_DECAY,
  MOMENTUM,
  FIRST_STEP_WITH_DAMPENING,
  NESTEROV_WITH_WEIGHT_DECAY,
  ADAGRAD,
  ADAGRAD_WITH_WEIGHT_DECAY,
  ROWWISE_ADAGRAD,
  ADAM,
  ADAM_WITH_WEIGHT_DECAY,
  ADAM_W,
  SPARSE_ADAM;

  private static final float RATE = 0.037f;
  private static final float DECAY = 0.013f;

  /** A table and its state on the host. */
  static final class Tables {
    final int dim;
    final float[] table;
    final float[] first;
    final float[] second;

    Tables(int dim, float[] table, float[] first, float[] second) {
      this.dim = dim;
      this.table = table;
      this.first = first;
      this.second = second;
    }

    /** Returns a copy of a table with random state, the second part of it and sums positive. */
    static Tables of(SplittableRandom random, UpdateCase update, int dim, float[] table) {
      int rows = table.length / dim;
      float[] first = TestBatch.numbers(random, update == ROWWISE_ADAGRAD ? rows : rows * dim);
      float[] second = TestBatch.numbers(random, rows * dim);
      for (int i = 0; i < second.length; i++) {
        second[i] = Math.abs(second[i]);
      }
      if (update.name().contains("ADAGRAD")) {
        for (int i = 0; i < first.length; i++) {
          first[i] = Math.abs(first[i]);
        }
      }
      return new Tables(dim, table.clone(), first, second);
    }

    Tables copy() {
      return new Tables(dim, table.clone(), first.clone(), second.clone());
    }
  }

  /** The update with its matrices in a test's memory. */
  record OnDevice(RowUpdate update, Matrix table, Matrix first, Matrix second) {}

  /** Returns whether the formula has divisions or square roots. */
  boolean divides() {
    return name().contains("ADA");
  }

  OnDevice on(TestMemory memory, Tables tables) {
    return on(memory, tables, StorageCase.FLOAT32);
  }

  OnDevice on(TestMemory memory, Tables tables, StorageCase storage) {
    Matrix w = memory.matrix(storage.type(), tables.dim, tables.table);
    Matrix a = memory.matrix(this == ROWWISE_ADAGRAD ? 1 : tables.dim, tables.first);
    Matrix b = memory.matrix(tables.dim, tables.second);
    RowUpdate update =
        switch (this) {
          case ACCUMULATE -> new AccumulateUpdate(w);
          case SGD -> SgdUpdate.plain(w, RATE);
          case SGD_WITH_WEIGHT_DECAY -> new SgdUpdate(w, null, RATE, 0, 0, 0, false, DECAY);
          case MOMENTUM -> new SgdUpdate(w, a, RATE, 0.9f, 0.9f, 0.7f, false, 0);
          case FIRST_STEP_WITH_DAMPENING -> new SgdUpdate(w, a, RATE, 0.9f, 0, 1, false, 0);
          case NESTEROV_WITH_WEIGHT_DECAY -> new SgdUpdate(w, a, RATE, 0.9f, 0.9f, 1, true, DECAY);
          case ADAGRAD -> new AdagradUpdate(w, a, RATE, 1e-10f, 0);
          case ADAGRAD_WITH_WEIGHT_DECAY -> new AdagradUpdate(w, a, RATE, 1e-6f, DECAY);
          case ROWWISE_ADAGRAD -> new RowwiseAdagradUpdate(w, a, RATE, 1e-8f);
          case ADAM -> AdamUpdate.adam(w, a, b, 1, 0.01, 0.9, 0.999, 1e-8, 0, false);
          case ADAM_WITH_WEIGHT_DECAY ->
              AdamUpdate.adam(w, a, b, 7, 0.01, 0.8, 0.95, 1e-6, 0.02, false);
          case ADAM_W -> AdamUpdate.adam(w, a, b, 3, 0.01, 0.9, 0.999, 1e-8, 0.02, true);
          case SPARSE_ADAM -> AdamUpdate.sparseAdam(w, a, b, 3, 0.01, 0.9, 0.999, 1e-8);
        };
    return new OnDevice(storage.rounding(update), w, a, b);
  }

  /** Updates one row of the tables by its gradient. */
  void apply(Tables tables, int row, float[] gradient) {
    if (this == ROWWISE_ADAGRAD) {
      rowwise(tables, row, gradient);
      return;
    }
    for (int d = 0; d < tables.dim; d++) {
      int i = row * tables.dim + d;
      float g = gradient[d];
      float w = tables.table[i];
      switch (this) {
        case ACCUMULATE -> tables.table[i] = w + g;
        case SGD -> tables.table[i] = w - RATE * g;
        case SGD_WITH_WEIGHT_DECAY -> tables.table[i] = w - RATE * (g + DECAY * w);
        case MOMENTUM -> {
          tables.first[i] = 0.9f * tables.first[i] + 0.7f * g;
          tables.table[i] = w - RATE * tables.first[i];
        }
        case FIRST_STEP_WITH_DAMPENING -> {
          tables.first[i] = g;
          tables.table[i] = w - RATE * g;
        }
        case NESTEROV_WITH_WEIGHT_DECAY -> {
          float decayed = g + DECAY * w;
          tables.first[i] = 0.9f * tables.first[i] + decayed;
          tables.table[i] = w - RATE * (decayed + 0.9f * tables.first[i]);
        }
        case ADAGRAD -> adagrad(tables, i, g, 1e-10f);
        case ADAGRAD_WITH_WEIGHT_DECAY -> adagrad(tables, i, g + DECAY * w, 1e-6f);
        case ADAM -> adam(tables, i, w, g, 0.9, 0.999, 1e-8f, 0.01 / (1 - 0.9), 1 - 0.999);
        case ADAM_WITH_WEIGHT_DECAY ->
            adam(
                tables,
                i,
                w,
                g + 0.02f * w,
                0.8,
                0.95,
                1e-6f,
                0.01 / (1 - StrictMath.pow(0.8, 7)),
                1 - StrictMath.pow(0.95, 7));
        case ADAM_W ->
            adam(
                tables,
                i,
                (float) (1 - 0.01 * 0.02) * w,
                g,
                0.9,
                0.999,
                1e-8f,
                0.01 / (1 - StrictMath.pow(0.9, 3)),
                1 - StrictMath.pow(0.999, 3));
        case SPARSE_ADAM -> {
          double root = Math.sqrt(1 - StrictMath.pow(0.999, 3));
          double rate = 0.01 * root / (1 - StrictMath.pow(0.9, 3));
          adam(tables, i, w, g, 0.9, 0.999, 1e-8f, rate, 1);
        }
        case ROWWISE_ADAGRAD -> throw new AssertionError("handled above");
      }
    }
  }

  private static void adagrad(Tables tables, int i, float g, float eps) {
    tables.first[i] += g * g;
    tables.table[i] -= RATE * g / ((float) Math.sqrt(tables.first[i]) + eps);
  }

  private static void adam(
      Tables tables,
      int i,
      float w,
      float g,
      double beta1,
      double beta2,
      float eps,
      double rate,
      double bias2) {
    float m = (float) beta1 * tables.first[i] + (float) (1 - beta1) * g;
    float v = (float) beta2 * tables.second[i] + (float) (1 - beta2) * g * g;
    tables.first[i] = m;
    tables.second[i] = v;
    float denominator = (float) Math.sqrt(v) / (float) Math.sqrt(bias2) + eps;
    tables.table[i] = w - (float) rate * m / denominator;
  }

  private static void rowwise(Tables tables, int row, float[] gradient) {
    float[] lanes = new float[16];
    for (int d = 0; d < tables.dim; d++) {
      lanes[d % 16] += gradient[d] * gradient[d];
    }
    for (int half : List.of(8, 4, 2, 1)) {
      for (int l = 0; l < half; l++) {
        lanes[l] += lanes[l + half];
      }
    }
    tables.first[row] += lanes[0] / tables.dim;
    float rate = RATE / ((float) Math.sqrt(tables.first[row]) + 1e-8f);
    for (int d = 0; d < tables.dim; d++) {
      tables.table[row * tables.dim + d] -= rate * gradient[d];
    }
  }
}
