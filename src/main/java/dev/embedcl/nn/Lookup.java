package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.Accumulation;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PositionUpdate;
import dev.embedcl.op.Positions;
import org.jspecify.annotations.Nullable;

/**
 * The passes over a token table and, if there is one, a positional table, and what they keep from
 * one call to the next: the last batch's ids and row groups, and device memory for ids and output.
 */
final class Lookup {
  private final Backend backend;
  private final Parameter weight;
  private final @Nullable Parameter positions;
  private final LookupOptions options;

  private final BatchIds ids;
  private final OutputMemory output;
  private final OutputGradient outputGradient;

  private final IndexGroups groups;
  private boolean grouped;
  private @Nullable DeviceBuffer lastIds;
  private int batchSize;
  private int seqLen;
  private int start;

  Lookup(Backend backend, Parameter weight, @Nullable Parameter positions, LookupOptions options) {
    this.backend = backend;
    this.weight = weight;
    this.positions = positions;
    this.options = options;
    this.ids = new BatchIds(backend, weight.rows(), options.clampTo());
    this.output = new OutputMemory(backend, options.outputOf(weight));
    this.outputGradient = new OutputGradient(weight);
    this.groups = new IndexGroups(weight.gradDtype());
  }

  LookupOptions options() {
    return options;
  }

  /** Runs the forward pass into {@code given}, or into memory of this object where that is null. */
  Activation forward(IndexBatch indexBatch, @Nullable DeviceBuffer given) {
    final IndexBatch batch = indexBatch.checkable();
    // Everything that can be wrong with the call is found before the last batch is forgotten.
    final int count = batch.count();
    final Matrix table = weight.matrix();
    final Positions slice = slice(positions, batch);
    final Matrix target = OutputMemory.given(given, count, table.columns());
    ids.check(batch);

    lastIds = null;
    DeviceBuffer indices = ids.place(batch);
    Matrix out = output.orOwn(target, count, table.columns());
    EmbeddingForward operation =
        new EmbeddingForward(table, indices, slice, out, batch.batchSize(), batch.seqLen());
    ids.send();
    remember(batch, indices);
    try {
      if (options.hasMaxNorm()) {
        backend.execute(
            new EmbeddingRenorm(table, groups(), options.maxNorm(), options.normType()));
      }
      backend.execute(operation);
    } catch (RuntimeException | Error e) {
      lastIds = null;
      throw e;
    }
    return output.result(out, outputGradient.shape(), target == null);
  }

  /** Adds the last batch's gradient to the dense gradients of the parameters that require it. */
  void backward(DeviceBuffer gradOutput, Accumulation accumulation) {
    final DeviceBuffer indices = requireForward();
    final Matrix grad = outputGradient.matrix(gradOutput);
    // Scales follow from the row groups, and any order will do for atomics' sake.
    if (accumulation == Accumulation.ATOMIC
        && weight.requiresGrad()
        && !options.scaleGradByFreq()) {
      // Which rows the ids on a device name is not worth waiting for.
      Matrix gradWeight =
          ids.areKnown() ? weight.gradFor(ids.onHost(), ids.count()) : weight.gradForUpdate();
      Matrix gradPositions = gradPositions();
      backend.execute(
          new EmbeddingBackwardAtomic(
              grad,
              indices,
              gradWeight,
              options.paddingIdx(),
              gradPositions == null ? null : new Positions(gradPositions, start),
              batchSize,
              seqLen));
      return;
    }
    if (weight.requiresGrad()) {
      IndexGroups rows = groups();
      backend.execute(
          new EmbeddingUpdate(
              grad, rows, new AccumulateUpdate(weight.gradFor(ids.onHost(), ids.count()))));
    }
    Matrix gradPositions = gradPositions();
    if (gradPositions != null) {
      backend.execute(
          new PositionUpdate(grad, new AccumulateUpdate(gradPositions), start, batchSize, seqLen));
    }
  }

  /** Returns the last batch's gradient unsummed. */
  BatchGradient gradient(DeviceBuffer gradOutput) {
    requireForward();
    return new BatchGradient(
        outputGradient.matrix(gradOutput),
        groups(),
        weight,
        positions,
        start,
        batchSize,
        seqLen,
        null);
  }

  /** Sums the last batch's gradient by row, for the token table's rows that have one. */
  void sparseGradient(DeviceBuffer gradOutput, SparseGradient target) {
    requireForward();
    target.fill(backend, outputGradient.matrix(gradOutput), groups(), null);
  }

  /** Copies the last batch's gradient without padding, in lookup order. */
  void uncoalescedGradient(DeviceBuffer gradOutput, SparseGradient target) {
    requireForward();
    Matrix grad = outputGradient.matrix(gradOutput);
    IndexGroups named = groups();
    target.fillUncoalesced(backend, grad, named, ids.onHost());
  }

  /** Copies a gradient of the last output to the device. */
  DeviceBuffer upload(HostTensor gradOutput) {
    requireForward();
    return outputGradient.upload(gradOutput);
  }

  /** Frees device memory; the parameters stay. */
  void close() {
    lastIds = null;
    ids.close();
    output.close();
    outputGradient.close();
  }

  /** Returns the positions of a batch, or null where there is no table of them. */
  static @Nullable Positions slice(@Nullable Parameter positions, IndexBatch batch) {
    if (positions == null) {
      requireArgument(
          batch.start() == 0,
          "start = %d, but this layer adds no positions; start at 0 or give it a positional table",
          batch.start());
      return null;
    }
    Positions slice = new Positions(positions.matrix(), batch.start());
    slice.requireLength(batch.seqLen(), positions.columns());
    return slice;
  }

  private DeviceBuffer requireForward() {
    DeviceBuffer indices = lastIds;
    if (indices == null) {
      throw new IllegalStateException(
          "there is no batch to take the gradient of: call forward first");
    }
    return indices;
  }

  /** Returns the shape of a batch's output: the last one's, where it is the same. */
  private Shape outputShape(IndexBatch batch) {
    Shape last = outputGradient.shape();
    return last.rank() == 3 && last.size(0) == batch.batchSize() && last.size(1) == batch.seqLen()
        ? last
        : Shape.of(batch.batchSize(), batch.seqLen(), weight.columns());
  }

  private @Nullable Matrix gradPositions() {
    return positions == null || !positions.requiresGrad() ? null : positions.gradFor(start, seqLen);
  }

  /** Returns the last batch's row groups, built when first asked for, while the device is busy. */
  private IndexGroups groups() {
    if (!grouped) {
      groups.rebuild(ids.onHost(), ids.count(), weight.rows(), options.paddingIdx());
      if (options.scaleGradByFreq()) {
        groups.scaledByFrequency();
      }
      // Only now are ids from the device known to be good.
      ids.confirm();
      grouped = true;
    }
    return groups;
  }

  private void remember(IndexBatch batch, DeviceBuffer indices) {
    outputGradient.shape(outputShape(batch));
    grouped = false;
    batchSize = batch.batchSize();
    seqLen = batch.seqLen();
    start = batch.start();
    lastIds = indices;
  }
}
