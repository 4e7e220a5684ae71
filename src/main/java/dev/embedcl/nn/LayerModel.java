package dev.embedcl.nn;

import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.GradCheck.Model;
import java.util.List;

/** A layer and a batch as {@link GradCheck} takes them. */
final class LayerModel implements Model {
  private final EmbeddingLayer layer;
  private final int[] ids;
  private final int batchSize;
  private final int seqLen;
  private final GradientFactors factors;

  LayerModel(EmbeddingLayer layer, int[] ids, int batchSize, int seqLen) {
    this.layer = layer;
    this.ids = ids;
    this.batchSize = batchSize;
    this.seqLen = seqLen;
    this.factors = new GradientFactors(layer, layer.lookupOptions(), ids, ids.length);
  }

  @Override
  public List<Parameter> parameters() {
    return layer.parameters();
  }

  @Override
  public HostTensor forward() {
    return layer.forward(ids, batchSize, seqLen).toHost();
  }

  @Override
  public void backward(HostTensor gradOutput) {
    layer.backward(gradOutput);
  }

  @Override
  public double factor(Parameter parameter, long row) {
    return factors.of(parameter, row);
  }
}
