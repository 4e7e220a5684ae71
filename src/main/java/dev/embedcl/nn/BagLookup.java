package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.AccumulateUpdate;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.Bags;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.EmbeddingRenorm;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.PerSampleWeightsGradient;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * The passes over a table by bags of ids, and what they keep from one call to the next: the last
 * batch's bags on the device and on the host, and device memory for them and the output.
 */
final class BagLookup {
  private final Backend backend;
  private final Parameter weight;
  private final LookupOptions options;
  private final BagMode mode;
  private final boolean includeLastOffset;

  private final BatchIds ids;
  private final GrowingBuffer deviceOffsets;
  private final GrowingBuffer deviceWeights;
  private final GrowingBuffer winners;
  private final OutputMemory output;
  private final OutputGradient outputGradient;
  private final BagGradientRows gradientRows;

  /** The rows that a batch names, those of ids in no bag too. */
  private final IndexGroups named = new IndexGroups();

  private @Nullable EmbeddingBagForward last;
  private int[] starts = new int[1];

  /** Takes where the bags of the next batch begin until they have passed every check. */
  private int[] incomingStarts = new int[1];

  private boolean grouped;

  BagLookup(Parameter weight, LookupOptions options, BagMode mode, boolean includeLastOffset) {
    this.backend = weight.backend();
    this.weight = weight;
    this.options = options;
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
    this.ids = new BatchIds(backend, weight.rows(), options.clampTo());
    this.deviceOffsets = new GrowingBuffer(backend, DType.INT32);
    this.deviceWeights = new GrowingBuffer(backend, weight.gradDtype());
    this.winners = new GrowingBuffer(backend, DType.INT32);
    this.output = new OutputMemory(backend, options.outputOf(weight));
    this.outputGradient = new OutputGradient(weight);
    this.gradientRows = new BagGradientRows(weight.gradDtype());
  }

  /** Runs the forward pass into {@code given}, or into memory of this object where that is null. */
  Activation forward(BagBatch batch, @Nullable DeviceBuffer given) {
    final IndexBatch idBatch = batch.indices().checkable();
    // Everything that can be wrong with the call is found before the last batch is forgotten.
    final int count = batch.count();
    final Matrix table = weight.matrix();
    requireArgument(
        !batch.isWeighted() || mode == BagMode.SUM,
        "perSampleWeights are for mode SUM; this layer's mode is %s",
        mode);
    batch.requireWeightsOf(weight.gradDtype());
    final int[] newStarts = batch.starts(includeLastOffset, incomingStarts);
    final int bags = newStarts.length - 1;
    final Matrix target = OutputMemory.given(given, bags, table.columns());
    ids.check(idBatch);

    last = null;
    DeviceBuffer indices = ids.place(idBatch);
    DeviceBuffer offsets = deviceOffsets.atLeast(newStarts.length);
    gradientRows.keepWeights(batch.hostWeights(), count);
    DeviceBuffer sampleWeights = batch.weightsIn(deviceWeights);
    Matrix out = output.orOwn(target, bags, table.columns());
    EmbeddingBagForward operation =
        new EmbeddingBagForward(
            table,
            new Bags(indices, offsets, count, bags, options.paddingIdx()),
            mode,
            sampleWeights,
            out,
            mode == BagMode.MAX ? winners.atLeast((long) bags * table.columns()) : null);
    ids.send();
    offsets.write(MemorySegment.ofArray(newStarts));
    grouped = false;
    incomingStarts = starts;
    starts = newStarts;
    if (options.hasMaxNorm()) {
      renorm();
    }
    backend.execute(operation);
    last = operation;
    outputGradient.shape(Shape.of(bags, table.columns()));
    return output.result(out, outputGradient.shape(), target == null);
  }

  /** Adds the last batch's gradient to the dense gradient of the table, if it requires one. */
  void backward(DeviceBuffer gradOutput) {
    EmbeddingBagForward forward = requireForward();
    Matrix grad = outputGradient.matrix(gradOutput);
    if (weight.requiresGrad()) {
      IndexGroups rows = groups();
      AccumulateUpdate update = new AccumulateUpdate(weight.gradFor(ids.onHost(), ids.count()));
      backend.execute(new EmbeddingUpdate(grad, rows, update, forward.winners()));
    }
  }

  /** Returns the last batch's gradient unsummed. */
  BatchGradient gradient(DeviceBuffer gradOutput) {
    EmbeddingBagForward forward = requireForward();
    return BatchGradient.ofBags(
        outputGradient.matrix(gradOutput), groups(), weight, forward.winners());
  }

  /** Sums the last batch's gradient by row, for the rows of the table that have one. */
  void sparseGradient(DeviceBuffer gradOutput, SparseGradient target) {
    EmbeddingBagForward forward = requireForward();
    target.fill(backend, outputGradient.matrix(gradOutput), groups(), forward.winners());
  }

  /** Computes the gradient of the last batch's weights. */
  void sampleWeightsGradient(DeviceBuffer gradOutput, DeviceBuffer gradWeights) {
    EmbeddingBagForward forward = requireForward();
    if (forward.perSampleWeights() == null) {
      throw new IllegalStateException(
          "the latest forward had no perSampleWeights, so they have no gradient");
    }
    backend.execute(
        new PerSampleWeightsGradient(
            weight.matrix(), forward.bags(), outputGradient.matrix(gradOutput), gradWeights));
  }

  /** Returns the number of ids of the last batch. */
  int lastCount() {
    return requireForward().bags().count();
  }

  /** Copies a gradient of the last output to the device. */
  DeviceBuffer upload(HostTensor gradOutput) {
    requireForward();
    return outputGradient.upload(gradOutput);
  }

  /** Frees device memory; the table stays. */
  void close() {
    last = null;
    ids.close();
    deviceOffsets.close();
    deviceWeights.close();
    winners.close();
    output.close();
    outputGradient.close();
  }

  private EmbeddingBagForward requireForward() {
    EmbeddingBagForward forward = last;
    if (forward == null) {
      throw new IllegalStateException(
          "there are no bags to take a gradient of: call forward first");
    }
    return forward;
  }

  /** Returns the last batch's row groups, built when first asked for, while the device is busy. */
  private IndexGroups groups() {
    if (!grouped) {
      EmbeddingBagForward forward = requireForward();
      gradientRows.rebuild(ids.onHost(), starts, weight.rows(), options, forward);
      // Only now are ids from the device known to be good.
      ids.confirm();
      grouped = true;
    }
    return gradientRows.groups();
  }

  /** Shortens the rows that a batch names and that are too long. */
  private void renorm() {
    named.rebuild(ids.onHost(), ids.count(), weight.rows(), options.paddingIdx());
    // Only now are ids from the device known to be good.
    ids.confirm();
    backend.execute(
        new EmbeddingRenorm(weight.matrix(), named, options.maxNorm(), options.normType()));
  }
}
