package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.OpenClBuffer;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.Accumulation;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import dev.embedcl.op.RowUpdate;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Tables, gradients and batches of one shape on one backend, and the operations on them. */
final class ShapeBuffers implements AutoCloseable {
  static final float LEARNING_RATE = 0.125f;

  private final Backend backend;
  private final BatchShape shape;
  private final List<DeviceBuffer> buffers = new ArrayList<>();
  private final Matrix weight;
  private final Matrix gradWeight;
  private final @Nullable Positions positions;
  private final @Nullable Positions gradPositions;
  private final List<Batch> batches = new ArrayList<>();

  /** One set of ids, results and gradients. */
  private record Batch(DeviceBuffer indices, Matrix out, Matrix gradOutput) {}

  ShapeBuffers(Backend backend, BatchShape shape, int batchCount) {
    this.backend = backend;
    this.shape = shape;
    try {
      weight = matrix(shape.numEmbeddings());
      gradWeight = matrix(shape.numEmbeddings());
      positions = shape.positional() ? new Positions(matrix(shape.seqLen()), 0) : null;
      gradPositions = shape.positional() ? new Positions(matrix(shape.seqLen()), 0) : null;
      for (int i = 0; i < batchCount; i++) {
        DeviceBuffer indices = backend.allocate(DType.INT32, shape.count());
        buffers.add(indices);
        batches.add(new Batch(indices, matrix(shape.count()), matrix(shape.count())));
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Returns the bytes that the buffers take in all. */
  static long bytes(BatchShape shape, int batchCount) {
    return Float.BYTES
        * (2 * shape.tableElements()
            + 2 * shape.positionElements()
            + batchCount * (2 * shape.outElements() + shape.count()));
  }

  private Matrix matrix(long rows) {
    DeviceBuffer buffer = backend.allocate(DType.FLOAT32, rows * shape.embeddingDim());
    buffers.add(buffer);
    return new Matrix(buffer, rows, shape.embeddingDim());
  }

  /** Sets tables, gradients and the gradient of the output to what they are at the start. */
  void reset(HostData data) {
    weight.buffer().write(0, data.weight());
    clear(gradWeight);
    if (positions != null && gradPositions != null) {
      positions.table().buffer().write(0, data.positions());
      clear(gradPositions.table());
    }
    for (Batch batch : batches) {
      batch.gradOutput().buffer().write(0, data.gradOutput());
    }
  }

  void writeIds(int batch, int[] ids) {
    batches.get(batch).indices().write(0, MemorySegment.ofArray(ids));
  }

  void forward(int batch) {
    Batch one = batches.get(batch);
    backend.execute(
        new EmbeddingForward(
            weight, one.indices(), positions, one.out(), shape.batchSize(), shape.seqLen()));
  }

  void backward(int batch, @Nullable IndexGroups groups, Accumulation accumulation) {
    Batch one = batches.get(batch);
    if (accumulation == Accumulation.ATOMIC) {
      backend.execute(
          new EmbeddingBackwardAtomic(
              one.gradOutput(),
              one.indices(),
              gradWeight,
              IndexGroups.NO_PADDING,
              gradPositions,
              shape.batchSize(),
              shape.seqLen()));
      return;
    }
    updateTokens(one, Objects.requireNonNull(groups), new AccumulateUpdate(gradWeight));
    if (gradPositions != null) {
      updatePositions(one, new AccumulateUpdate(gradPositions.table()));
    }
  }

  void sgdStep(int batch, IndexGroups groups) {
    Batch one = batches.get(batch);
    updateTokens(one, groups, SgdUpdate.plain(weight, LEARNING_RATE));
    if (positions != null) {
      updatePositions(one, SgdUpdate.plain(positions.table(), LEARNING_RATE));
    }
  }

  private void updateTokens(Batch one, IndexGroups groups, RowUpdate update) {
    backend.execute(new EmbeddingUpdate(one.gradOutput(), groups, update));
  }

  private void updatePositions(Batch one, RowUpdate update) {
    backend.execute(
        new PositionUpdate(one.gradOutput(), update, 0, shape.batchSize(), shape.seqLen()));
  }

  void denseSgdStep() {
    backend.execute(new DenseUpdate(gradWeight, SgdUpdate.plain(weight, LEARNING_RATE)));
  }

  void clearGradients() {
    clear(gradWeight);
    if (gradPositions != null) {
      clear(gradPositions.table());
    }
  }

  /** Fills the whole of the token table's gradient with zeros, and that of the positions. */
  private void clear(Matrix matrix) {
    if (backend instanceof OpenClBackend openCl
        && matrix.buffer() instanceof OpenClBuffer ofDevice) {
      openCl.queue().fill(ofDevice.buffer(), 0, ofDevice.buffer().bytes(), (byte) 0);
    } else {
      try (DeviceBuffer.Mapping mapping = matrix.buffer().map(DeviceBuffer.MapMode.READ_WRITE)) {
        mapping.segment().fill((byte) 0);
      }
    }
  }

  Matrix weight() {
    return weight;
  }

  Matrix gradWeight() {
    return gradWeight;
  }

  @Nullable Matrix positions() {
    return positions == null ? null : positions.table();
  }

  @Nullable Matrix gradPositions() {
    return gradPositions == null ? null : gradPositions.table();
  }

  Matrix out() {
    return batches.getFirst().out();
  }

  int batchCount() {
    return batches.size();
  }

  @Override
  public void close() {
    buffers.forEach(DeviceBuffer::close);
  }
}
