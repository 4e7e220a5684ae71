package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.AdagradUpdate;
import dev.embedcl.op.AdamUpdate;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.RowwiseAdagradUpdate;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.LongUnaryOperator;

/** A table with what training keeps beside it, each made when it is first asked for. */
final class Trained implements AutoCloseable {
  private static final float LEARNING_RATE = 0.125f;
  private static final float EPS = 1e-8f;
  private static final float MOMENTUM = 0.9f;
  private static final double BETA2 = 0.999;
  private static final long PART_BYTES = 32L << 20;

  private final Backend backend;
  private final DType storage;
  private final long rows;
  private final int columns;
  private final Map<Part, Matrix> matrices = new EnumMap<>(Part.class);

  /** What becomes of a row. */
  enum Rule {
    SGD,
    MOMENTUM,
    ADAGRAD,
    ROWWISE_ADAGRAD,
    /** The first step of SparseAdam. */
    SPARSE_ADAM,
    /** The first step of Adam. */
    ADAM
  }

  Trained(Backend backend, DType storage, long rows, int columns) {
    this.backend = backend;
    this.storage = storage;
    this.rows = rows;
    this.columns = columns;
  }

  /** Returns the weights, the gradient or a matrix of state. */
  Matrix matrix(Part part) {
    return matrices.computeIfAbsent(
        part,
        each -> {
          int width = each == Part.ROW_STATE ? 1 : columns;
          DType type = each == Part.WEIGHT ? storage : DType.FLOAT32;
          return new Matrix(backend.allocate(type, rows * width), rows, width);
        });
  }

  Matrix weight() {
    return matrix(Part.WEIGHT);
  }

  /**
   * Gives the weights their start values.
   *
   * @param rowOf the row whose numbers a row gets
   */
  void reset(long seed, LongUnaryOperator rowOf) {
    long partRows = Math.clamp(PART_BYTES / weight().rowBytes(), 1, rows);
    try (Arena arena = Arena.ofShared()) {
      MemorySegment part = arena.allocate(partRows * weight().rowBytes(), 64);
      for (long first = 0; first < rows; first += partRows) {
        long begin = first;
        MemorySegment some =
            part.asSlice(0, Math.min(partRows, rows - first) * weight().rowBytes());
        Inputs.fillRows(some, storage, columns, seed, row -> rowOf.applyAsLong(begin + row));
        weight().buffer().write(first * columns, some);
      }
    }
  }

  /** Fills the gradient with zeros, the whole of it. */
  void clearGradient() {
    Zeros.fill(backend, matrix(Part.GRADIENT).buffer());
  }

  /** Fills whatever state there is with zeros. */
  void clearState() {
    for (Part part : Part.STATE) {
      if (matrices.containsKey(part)) {
        Zeros.fill(backend, matrix(part).buffer());
      }
    }
  }

  RowUpdate update(Rule rule) {
    return switch (rule) {
      case SGD -> SgdUpdate.plain(weight(), LEARNING_RATE);
      case MOMENTUM ->
          new SgdUpdate(
              weight(), matrix(Part.FIRST), LEARNING_RATE, MOMENTUM, MOMENTUM, 1, false, 0);
      case ADAGRAD -> new AdagradUpdate(weight(), matrix(Part.FIRST), LEARNING_RATE, EPS, 0);
      case ROWWISE_ADAGRAD ->
          new RowwiseAdagradUpdate(weight(), matrix(Part.ROW_STATE), LEARNING_RATE, EPS);
      case SPARSE_ADAM ->
          AdamUpdate.sparseAdam(
              weight(),
              matrix(Part.FIRST),
              matrix(Part.SECOND),
              1,
              LEARNING_RATE,
              MOMENTUM,
              BETA2,
              EPS);
      case ADAM ->
          AdamUpdate.adam(
              weight(),
              matrix(Part.FIRST),
              matrix(Part.SECOND),
              1,
              LEARNING_RATE,
              MOMENTUM,
              BETA2,
              EPS,
              0,
              false);
    };
  }

  @Override
  public void close() {
    matrices.values().stream().map(Matrix::buffer).forEach(DeviceBuffer::close);
    matrices.clear();
  }
}
