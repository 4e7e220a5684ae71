package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.Bags;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.Positions;
import dev.embedcl.op.QuantizedMatrix;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** The forward passes over quantised rows, and the device memory for ids, bags and output. */
final class QuantizedLookup {
  private final Backend backend;
  private final QuantizedMatrix table;
  private final @Nullable Parameter positions;
  private final long paddingIdx;
  private final BatchIds ids;
  private final GrowingBuffer offsets;
  private final GrowingBuffer weights;
  private final GrowingBuffer winners;
  private final OutputMemory output;
  private int[] starts = new int[1];

  QuantizedLookup(
      Backend backend,
      QuantizedMatrix table,
      @Nullable Parameter positions,
      LookupOptions options,
      DType outputDtype) {
    this.backend = backend;
    this.table = table;
    this.positions = positions;
    this.paddingIdx = options.paddingIdx();
    this.ids = new BatchIds(backend, table.rows(), options.clampTo());
    this.offsets = new GrowingBuffer(backend, DType.INT32);
    this.weights = new GrowingBuffer(backend, DType.FLOAT32);
    this.winners = new GrowingBuffer(backend, DType.INT32);
    this.output = new OutputMemory(backend, outputDtype);
  }

  /** Looks up ids, into {@code given} or into memory of this object where that is null. */
  Activation forward(IndexBatch indexBatch, @Nullable DeviceBuffer given) {
    final IndexBatch batch = indexBatch.checkable();
    final Positions slice = Lookup.slice(positions, batch);
    final Matrix target = OutputMemory.given(given, batch.count(), table.columns());
    ids.check(batch);
    DeviceBuffer indices = ids.place(batch);
    Matrix out = output.orOwn(target, batch.count(), table.columns());
    EmbeddingForward operation =
        new EmbeddingForward(table, indices, slice, out, batch.batchSize(), batch.seqLen());
    ids.send();
    backend.execute(operation);
    return output.result(
        out, Shape.of(batch.batchSize(), batch.seqLen(), table.columns()), target == null);
  }

  /** Looks up bags, into {@code given} or into memory of this object where that is null. */
  Activation forward(
      BagBatch batch, BagMode mode, boolean includeLastOffset, @Nullable DeviceBuffer given) {
    final IndexBatch idBatch = batch.indices().checkable();
    requireArgument(
        !batch.isWeighted() || mode == BagMode.SUM,
        "perSampleWeights are for mode SUM; the mode is %s",
        mode);
    batch.requireWeightsOf(DType.FLOAT32);
    starts = batch.starts(includeLastOffset, starts);
    final int bags = starts.length - 1;
    final Matrix target = OutputMemory.given(given, bags, table.columns());
    ids.check(idBatch);
    DeviceBuffer indices = ids.place(idBatch);
    Matrix out = output.orOwn(target, bags, table.columns());
    DeviceBuffer begins = offsets.atLeast(starts.length);
    EmbeddingBagForward operation =
        new EmbeddingBagForward(
            table,
            new Bags(indices, begins, batch.count(), bags, paddingIdx),
            mode,
            batch.weightsIn(weights),
            out,
            mode == BagMode.MAX ? winners.atLeast((long) bags * table.columns()) : null);
    ids.send();
    begins.write(MemorySegment.ofArray(starts));
    backend.execute(operation);
    return output.result(out, Shape.of(bags, table.columns()), target == null);
  }

  /** Frees device memory; the table stays. */
  void close() {
    ids.close();
    offsets.close();
    weights.close();
    winners.close();
    output.close();
  }
}
