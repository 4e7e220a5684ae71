package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.Bags;
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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.LongUnaryOperator;
import org.jspecify.annotations.Nullable;

/** The tables and batches of one problem on one backend, and the operations on them. */
final class Tables implements AutoCloseable {
  private final Backend backend;
  private final Problem problem;
  private final BatchShape shape;
  private final Trained tokens;
  private final @Nullable Trained positions;
  private final List<Placed> batches = new ArrayList<>();
  private final Map<Part, DeviceBuffer> results = new EnumMap<>(Part.class);
  private final List<DeviceBuffer> others = new ArrayList<>();

  /** A batch on the device. */
  private record Placed(IndexGroups groups, DeviceBuffer indices, Matrix out, Matrix gradOutput) {}

  /**
   * Makes the tables.
   *
   * @param rows of the token table; the batches' ids are below
   */
  Tables(Backend backend, Problem problem, int rows, List<Batch> batches) {
    this.backend = backend;
    this.problem = problem;
    this.shape = problem.shape();
    this.tokens = new Trained(backend, problem.storage(), rows, shape.embeddingDim());
    this.positions =
        shape.positional()
            ? new Trained(backend, problem.storage(), shape.seqLen(), shape.embeddingDim())
            : null;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment gradient = arena.allocate(shape.outElements() * Float.BYTES, 64);
      Inputs.fillGradient(gradient, problem.isNarrow());
      for (Batch batch : batches) {
        DeviceBuffer indices = other(DType.INT32, shape.count());
        Matrix gradOutput = outMatrix(DType.FLOAT32);
        gradOutput.buffer().write(gradient);
        this.batches.add(
            new Placed(batch.groups(), indices, outMatrix(problem.storage()), gradOutput));
        writeIds(this.batches.size() - 1, batch);
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Matrix outMatrix(DType type) {
    DeviceBuffer buffer = other(type, shape.outElements());
    return new Matrix(buffer, shape.outRows(), shape.embeddingDim());
  }

  private DeviceBuffer other(DType type, long elements) {
    DeviceBuffer buffer = backend.allocate(type, elements);
    others.add(buffer);
    return buffer;
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
    return part == Part.OUT ? batches.getFirst().out().buffer() : made(part);
  }

  /** Returns room for results that all batches share. */
  private DeviceBuffer made(Part part) {
    int most = batches.stream().mapToInt(batch -> batch.groups().uniqueRows()).max().orElse(0);
    return results.computeIfAbsent(
        part,
        each ->
            switch (each) {
              case WINNERS -> backend.allocate(DType.INT32, shape.outElements());
              case SPARSE_ROWS -> backend.allocate(DType.INT32, most);
              case SPARSE_VALUES ->
                  backend.allocate(DType.FLOAT32, (long) most * shape.embeddingDim());
              default -> throw new IllegalArgumentException("no shared result: " + each);
            });
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
    batches.get(batch).indices().write(MemorySegment.ofArray(ids.ids()));
  }

  void forward(int batch) {
    Placed one = batches.get(batch);
    Positions added = positions == null ? null : new Positions(positions.weight(), 0);
    backend.execute(
        new EmbeddingForward(
            tokens.weight(), one.indices(), added, one.out(), shape.batchSize(), shape.seqLen()));
  }

  void bagForward(int batch, BagMode mode) {
    Placed one = batches.get(batch);
    Bags bags =
        new Bags(
            one.indices(), offsets(), shape.count(), shape.batchSize(), IndexGroups.NO_PADDING);
    DeviceBuffer winners = mode == BagMode.MAX ? made(Part.WINNERS) : null;
    backend.execute(new EmbeddingBagForward(tokens.weight(), bags, mode, null, one.out(), winners));
  }

  private DeviceBuffer offsets() {
    return results.computeIfAbsent(
        Part.OFFSETS,
        part -> {
          int[] offsets = new int[shape.batchSize() + 1];
          Arrays.setAll(offsets, bag -> bag * shape.seqLen());
          DeviceBuffer buffer = backend.allocate(DType.INT32, offsets.length);
          buffer.write(MemorySegment.ofArray(offsets));
          return buffer;
        });
  }

  void backward(int batch) {
    Placed one = batches.get(batch);
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
    Placed one = batches.get(batch);
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
    Placed one = batches.get(batch);
    DeviceBuffer buffer = made(Part.SPARSE_VALUES);
    int columns = shape.embeddingDim();
    Matrix values = new Matrix(buffer, buffer.elements() / columns, columns);
    backend.execute(
        new CoalescedGradient(one.gradOutput(), one.groups(), made(Part.SPARSE_ROWS), values));
  }

  /** Backward pass and update of the rows that the batch names, in one. */
  void step(int batch, Trained.Rule rule) {
    Placed one = batches.get(batch);
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
    others.forEach(DeviceBuffer::close);
    results.values().forEach(DeviceBuffer::close);
  }
}
