package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.CoalescedGradient;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The tables and batches of one problem on one backend, and the operations on them. */
final class Tables implements AutoCloseable {
  private final Backend backend;
  private final BatchShape shape;
  private final Trained tokens;
  private final @Nullable Trained positions;
  private final PlacedBatches batches;

  /**
   * Makes the tables.
   *
   * @param rows of the token table; the batches' ids are below
   */
  Tables(Backend backend, Problem problem, int rows, List<Batch> batches) {
    this.backend = backend;
    this.shape = problem.shape();
    DType storage = problem.storage();
    this.tokens = new Trained(backend, storage, rows, shape.embeddingDim());
    this.positions =
        shape.positional()
            ? new Trained(backend, storage, shape.seqLen(), shape.embeddingDim())
            : null;
    this.batches = new PlacedBatches(backend, problem, batches);
  }

  int batchCount() {
    return batches.size();
  }

  Trained tokens() {
    return tokens;
  }

  @Nullable Trained positions() {
    return positions;
  }

  /** Returns the result of the first batch that belongs to a part which is no table's. */
  DeviceBuffer result(Part part) {
    return part == Part.OUT ? batches.get(0).out().buffer() : batches.room(part);
  }

  /**
   * Gives the tables their start values.
   *
   * @param rowOf the row of the whole table that a row stands for
   */
  void reset(LongUnaryOperator rowOf) {
    tokens.reset(Inputs.WEIGHT_SEED, rowOf);
    if (positions != null) {
      positions.reset(Inputs.POSITIONS_SEED, row -> row);
    }
  }

  /** Leaves no trace of other operations in what one adds to: zeros, or a gradient to sweep. */
  void prepare(Work work) {
    if (work.changes().contains(Part.GRADIENT) || work == Work.SGD_DENSE) {
      clearGradients();
    }
    if (work == Work.SGD_DENSE) {
      backward(0);
    }
    each(Trained::clearState);
  }

  private void each(Consumer<Trained> action) {
    action.accept(tokens);
    if (positions != null) {
      action.accept(positions);
    }
  }

  void writeIds(int batch, Batch ids) {
    batches.writeIds(batch, ids);
  }

  void forward(int batch) {
    PlacedBatches.Placed one = batches.get(batch);
    Positions added = positions == null ? null : new Positions(positions.weight(), 0);
    backend.execute(
        new EmbeddingForward(
            tokens.weight(), one.indices(), added, one.out(), shape.batchSize(), shape.seqLen()));
  }

  void bagForward(int batch, BagMode mode) {
    PlacedBatches.Placed one = batches.get(batch);
    DeviceBuffer winners = mode == BagMode.MAX ? batches.room(Part.WINNERS) : null;
    backend.execute(
        new EmbeddingBagForward(
            tokens.weight(), batches.bags(batch), mode, null, one.out(), winners));
  }

  void backward(int batch) {
    PlacedBatches.Placed one = batches.get(batch);
    backend.execute(
        new EmbeddingUpdate(
            one.gradOutput(), one.groups(), new AccumulateUpdate(tokens.matrix(Part.GRADIENT))));
    if (positions != null) {
      AccumulateUpdate sum = new AccumulateUpdate(positions.matrix(Part.GRADIENT));
      backend.execute(
          new PositionUpdate(one.gradOutput(), sum, 0, shape.batchSize(), shape.seqLen()));
    }
  }

  void backwardAtomic(int batch) {
    PlacedBatches.Placed one = batches.get(batch);
    backend.execute(
        new EmbeddingBackwardAtomic(
            one.gradOutput(),
            one.indices(),
            tokens.matrix(Part.GRADIENT),
            IndexGroups.NO_PADDING,
            positions == null ? null : new Positions(positions.matrix(Part.GRADIENT), 0),
            shape.batchSize(),
            shape.seqLen()));
  }

  void sparseGradient(int batch) {
    PlacedBatches.Placed one = batches.get(batch);
    DeviceBuffer buffer = batches.room(Part.SPARSE_VALUES);
    int columns = shape.embeddingDim();
    Matrix values = new Matrix(buffer, buffer.elements() / columns, columns);
    backend.execute(
        new CoalescedGradient(
            one.gradOutput(), one.groups(), batches.room(Part.SPARSE_ROWS), values));
  }

  /** Backward pass and update of the rows that the batch names, in one. */
  void step(int batch, Trained.Rule rule) {
    PlacedBatches.Placed one = batches.get(batch);
    backend.execute(new EmbeddingUpdate(one.gradOutput(), one.groups(), tokens.update(rule)));
    if (positions != null) {
      backend.execute(
          new PositionUpdate(
              one.gradOutput(), positions.update(rule), 0, shape.batchSize(), shape.seqLen()));
    }
  }

  /** Update of all rows of the token table by a gradient of its size. */
  void denseStep(Trained.Rule rule) {
    backend.execute(new DenseUpdate(tokens.matrix(Part.GRADIENT), tokens.update(rule)));
  }

  void clearGradients() {
    each(Trained::clearGradient);
  }

  @Override
  public void close() {
    each(Trained::close);
    batches.close();
  }
}
