package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import java.util.List;

/**
 * One of the two layers that {@code tune} compares, its output and the gradient of that.
 *
 * @param parameters the layer's
 * @param out [batchSize, seqLen, embeddingDim]
 * @param gradOutput of the same shape
 */
record TuneSide(
    InputEmbedding layer, List<Parameter> parameters, DeviceBuffer out, DeviceBuffer gradOutput)
    implements AutoCloseable {

  static TuneSide open(
      Backend backend, HostTensor tokens, HostTensor positions, HostTensor gradOutput) {
    InputEmbedding layer =
        InputEmbedding.builder(backend)
            .numEmbeddings(tokens.shape().size(0))
            .embeddingDim((int) tokens.shape().size(1))
            .maxLength(positions.shape().size(0))
            .tokenWeight(tokens)
            .positionWeight(positions)
            .build();
    try {
      DeviceBuffer out = backend.allocate(DType.FLOAT32, gradOutput.elements());
      try {
        DeviceBuffer gradient = backend.allocate(DType.FLOAT32, gradOutput.elements());
        gradient.write(gradOutput.segment());
        return new TuneSide(layer, layer.parameters(), out, gradient);
      } catch (RuntimeException | Error e) {
        out.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      layer.close();
      throw e;
    }
  }

  @Override
  public void close() {
    gradOutput.close();
    out.close();
    layer.close();
  }
}
