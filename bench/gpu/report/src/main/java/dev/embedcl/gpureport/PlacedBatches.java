package dev.embedcl.gpureport;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.Bags;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Batches on a backend, each with a result and a gradient of it, and room that all share. */
final class PlacedBatches implements AutoCloseable {
  private final Backend backend;
  private final BatchShape shape;
  private final List<Placed> batches = new ArrayList<>();
  private final Map<Part, DeviceBuffer> shared = new EnumMap<>(Part.class);
  private final List<DeviceBuffer> own = new ArrayList<>();

  /** One batch. */
  record Placed(IndexGroups groups, DeviceBuffer indices, Matrix out, Matrix gradOutput) {}

  PlacedBatches(Backend backend, Problem problem, List<Batch> batches) {
    this.backend = backend;
    this.shape = problem.shape();
    try (Arena arena = Arena.ofShared()) {
      MemorySegment gradient = arena.allocate(shape.outElements() * Float.BYTES, 64);
      Inputs.fillGradient(gradient, problem.isNarrow());
      for (Batch batch : batches) {
        DeviceBuffer indices = buffer(DType.INT32, shape.count());
        Matrix gradOutput = matrix(DType.FLOAT32);
        gradOutput.buffer().write(gradient);
        this.batches.add(
            new Placed(batch.groups(), indices, matrix(problem.storage()), gradOutput));
        writeIds(this.batches.size() - 1, batch);
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Matrix matrix(DType type) {
    DeviceBuffer buffer = buffer(type, shape.outElements());
    return new Matrix(buffer, shape.outRows(), shape.embeddingDim());
  }

  private DeviceBuffer buffer(DType type, long elements) {
    DeviceBuffer buffer = backend.allocate(type, elements);
    own.add(buffer);
    return buffer;
  }

  int size() {
    return batches.size();
  }

  Placed get(int batch) {
    return batches.get(batch);
  }

  void writeIds(int batch, Batch ids) {
    batches.get(batch).indices().write(MemorySegment.ofArray(ids.ids()));
  }

  /** Returns a batch's ids, cut into bags. */
  Bags bags(int batch) {
    DeviceBuffer offsets =
        shared.computeIfAbsent(
            Part.OFFSETS,
            part -> {
              int[] begins = new int[shape.batchSize() + 1];
              Arrays.setAll(begins, bag -> bag * shape.seqLen());
              DeviceBuffer buffer = backend.allocate(DType.INT32, begins.length);
              buffer.write(MemorySegment.ofArray(begins));
              return buffer;
            });
    DeviceBuffer indices = batches.get(batch).indices();
    return new Bags(indices, offsets, shape.count(), shape.batchSize(), IndexGroups.NO_PADDING);
  }

  /** Returns the room that all batches share for a part of their results. */
  DeviceBuffer room(Part part) {
    int rows = batches.stream().mapToInt(batch -> batch.groups().uniqueRows()).max().orElse(0);
    return shared.computeIfAbsent(
        part,
        each ->
            switch (each) {
              case WINNERS -> backend.allocate(DType.INT32, shape.outElements());
              case SPARSE_ROWS -> backend.allocate(DType.INT32, rows);
              case SPARSE_VALUES ->
                  backend.allocate(DType.FLOAT32, (long) rows * shape.embeddingDim());
              default -> throw new IllegalArgumentException("no shared result: " + each);
            });
  }

  @Override
  public void close() {
    own.forEach(DeviceBuffer::close);
    shared.values().forEach(DeviceBuffer::close);
  }
}
