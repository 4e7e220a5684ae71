package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.GradCheck.Model;
import dev.embedcl.op.BagMode;
import java.util.List;

/** A layer of bags and a batch as {@link GradCheck} takes them. */
final class BagModel implements Model {
  private final EmbeddingBag layer;
  private final BagBatch batch;
  private final int[] starts;
  private final int[] ids;
  private final GradientFactors factors;

  BagModel(EmbeddingBag layer, BagBatch batch) {
    requireArgument(
        batch.indices().device() == null, "%s has its ids on the device; give them here", batch);
    this.layer = layer;
    this.batch = batch;
    this.starts = batch.starts(layer.includeLastOffset(), new int[0]);
    this.ids = new int[batch.count()];
    batch.indices().copyTo(ids, layer.numEmbeddings(), layer.options().clampTo());
    // Ids behind the last bag count for nothing.
    this.factors = new GradientFactors(layer, layer.options(), ids, starts[starts.length - 1]);
  }

  @Override
  public List<Parameter> parameters() {
    return layer.parameters();
  }

  @Override
  public HostTensor forward() {
    return layer.forward(batch).toHost();
  }

  @Override
  public void backward(HostTensor gradOutput) {
    layer.backward(gradOutput);
  }

  @Override
  public double factor(Parameter parameter, long row) {
    return factors.of(parameter, row);
  }

  /** Returns the sums of the magnitudes of what each bag sums, which may cancel. */
  @Override
  public double[] magnitudes(HostTensor output) {
    if (layer.mode() == BagMode.MAX) {
      return Model.super.magnitudes(output);
    }
    int columns = layer.embeddingDim();
    double[] sums = new double[(int) output.elements()];
    final double[] weight;
    try (HostTensor host = layer.weight().toHost()) {
      weight = GradCheck.doubles(host);
    }
    double[] sampleWeights = batch.weightsToHost();
    for (int b = 0; b < starts.length - 1; b++) {
      int size = layer.mode() == BagMode.MEAN ? Math.max(1, size(b)) : 1;
      for (int n = starts[b]; n < starts[b + 1]; n++) {
        double factor = isPadding(n) ? 0 : Math.abs(sampleWeights[n]) / size;
        for (int d = 0; d < columns; d++) {
          sums[b * columns + d] += factor * Math.abs(weight[ids[n] * columns + d]);
        }
      }
    }
    return sums;
  }

  @Override
  public int roundings() {
    int largest = 0;
    for (int b = 0; b < starts.length - 1 && layer.mode() != BagMode.MAX; b++) {
      largest = Math.max(largest, starts[b + 1] - starts[b]);
    }
    return ElementCheck.roundings(largest);
  }

  private int size(int bag) {
    int size = 0;
    for (int n = starts[bag]; n < starts[bag + 1]; n++) {
      size += isPadding(n) ? 0 : 1;
    }
    return size;
  }

  private boolean isPadding(int position) {
    return ids[position] == layer.options().paddingIdx();
  }
}
