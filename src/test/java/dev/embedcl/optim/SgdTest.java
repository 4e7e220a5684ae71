package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestBackends;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Activation;
import dev.embedcl.nn.DecoratedBackend;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.nn.TokenEmbedding;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ArgumentsSource;

/** Steps of SGD, fused and dense. */
@DefaultLaunchProfile
@ParameterizedClass
@ArgumentsSource(TestBackends.class)
final class SgdTest {
  private static final int ROWS = 19;
  private static final int DIM = 7;
  private static final int MAX_LENGTH = 12;

  private final Random random = new Random(20261122);
  private final DecoratedBackend backend;

  SgdTest(TestBackend named) {
    // Where there is no such device, this skips the test.
    backend = new DecoratedBackend(named.open());
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @Test
  void manyBatchesOfAnySizeGiveTheReferencesBits() {
    try (InputEmbedding fused = layer();
        InputEmbedding dense = layer()) {
      final Sgd sgd = new Sgd(0.3);
      final Sgd denseSgd = new Sgd(0.3, dense.parameters());
      final float[] weight = floats(fused.parameters().get(0));
      final float[] positions = floats(fused.parameters().get(1));
      final ReferenceModel reference = new ReferenceModel(weight, positions, DIM);
      int[][] sizes = {{8, 4}, {8, 4}, {3, 4}, {40, 12}, {1, 1}, {0, 4}, {8, 4}, {2, 11}};
      for (int[] size : sizes) {
        final int batchSize = size[0];
        final int seqLen = size[1];
        final int count = batchSize * seqLen;
        int[] ids = ReferenceModel.randomIds(random, count, ROWS);
        float[] target = ReferenceModel.randomFloats(random, count * DIM);

        float[] out = floats(fused.forward(ids, batchSize, seqLen));
        assertThat(out).isEqualTo(reference.forward(ids, batchSize, seqLen, 0));
        dense.forward(ids, batchSize, seqLen);
        for (int i = 0; i < out.length; i++) {
          out[i] -= target[i];
        }
        try (HostTensor gradOutput = HostTensor.of(Shape.of(batchSize, seqLen, DIM), out)) {
          sgd.step(fused, gradOutput);
          denseSgd.zeroGrad();
          dense.backward(gradOutput);
          denseSgd.step();
        }
        ReferenceModel.sgd(weight, reference.weightSums(out, ids, count), 0.3f);
        ReferenceModel.sgd(positions, reference.positionSums(out, batchSize, seqLen, 0), 0.3f);

        assertThat(floats(fused.parameters().get(0))).isEqualTo(weight);
        assertThat(floats(fused.parameters().get(1))).isEqualTo(positions);
        assertThat(floats(dense.parameters().get(0))).isEqualTo(weight);
        assertThat(floats(dense.parameters().get(1))).isEqualTo(positions);
      }
      assertThat(fused.parameters().get(0).grad()).isEmpty();
    }
  }

  @Test
  void trainingLowersTheLoss() {
    try (InputEmbedding layer = layer();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, 6L * 4 * DIM)) {
      final Sgd sgd = new Sgd(0.05);
      final int[] ids = ReferenceModel.randomIds(random, 6 * 4, ROWS);
      final float[] target = ReferenceModel.randomFloats(random, 6 * 4 * DIM);
      double first = 0;
      double last = Double.POSITIVE_INFINITY;
      for (int epoch = 0; epoch < 30; epoch++) {
        float[] difference = floats(layer.forward(ids, 6, 4));
        double loss = 0;
        for (int i = 0; i < difference.length; i++) {
          difference[i] -= target[i];
          loss += 0.5 * difference[i] * difference[i];
        }
        assertThat(loss).as("loss in epoch %d", epoch).isLessThan(last);
        first = epoch == 0 ? loss : first;
        last = loss;
        gradOutput.write(MemorySegment.ofArray(difference));
        sgd.step(layer, gradOutput);
      }
      assertThat(last).isLessThan(first / 2);
    }
  }

  @Test
  void rowsThatNoIdNamesStay() {
    try (TokenEmbedding layer = TokenEmbedding.seeded(backend, ROWS, DIM, 3);
        HostTensor gradOutput = HostTensor.of(Shape.of(1, 2, DIM), new float[2 * DIM])) {
      // A payload that an arithmetic operation would quieten shows any write.
      layer
          .weight()
          .matrix()
          .buffer()
          .write(DIM, MemorySegment.ofArray(new int[] {0x7fa00001, 0xffa00002}));
      int[] before = bits(layer.weight());

      layer.forward(new int[] {0, 2}, 1, 2);
      new Sgd(1).step(layer, gradOutput);

      assertThat(bits(layer.weight())).isEqualTo(before);
    }
  }

  @Test
  void gradientsOfSeveralBatchesMakeOneDenseStep() {
    try (TokenEmbedding layer = TokenEmbedding.seeded(backend, 4, 1, 3);
        HostTensor one = HostTensor.of(Shape.of(1, 1, 1), 1f)) {
      layer.weight().write(MemorySegment.ofArray(new float[] {10, 20, 30, 40}));
      Sgd sgd = new Sgd(0.5, layer.parameters());
      sgd.step();
      assertThat(backend.executed()).doesNotContainKey("DenseUpdate");

      for (int id : new int[] {1, 1, 3}) {
        layer.forward(new int[] {id}, 1, 1);
        layer.backward(one);
      }
      sgd.step();
      assertThat(floats(layer.weight())).containsExactly(10, 19, 30, 39.5f);
      sgd.learningRate(2);
      assertThat(sgd.learningRate()).isEqualTo(2);
      sgd.step();
      assertThat(floats(layer.weight())).containsExactly(10, 15, 30, 37.5f);
      sgd.zeroGrad();
      sgd.step();
      assertThat(floats(layer.weight())).containsExactly(10, 15, 30, 37.5f);
      assertThat(backend.executed().get("DenseUpdate")).isEqualTo(2);
    }
  }

  @Test
  void fusedStepIsOneOperationPerTableWithoutAGradientTable() {
    try (InputEmbedding layer = layer();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, 4L * DIM)) {
      layer.forward(new int[] {1, 2, 3, 4}, 2, 2);
      final int before = backend.allocations();
      new Sgd(0.1).step(layer, gradOutput);

      assertThat(backend.executed())
          .containsEntry("EmbeddingUpdate", 1)
          .containsEntry("PositionUpdate", 1)
          .hasSize(3);
      assertThat(backend.allocations()).isEqualTo(before);
    }
  }

  @Test
  void misuseIsNamed() {
    for (double wrong : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY, 1e300}) {
      assertThatThrownBy(() -> new Sgd(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("learningRate = " + wrong);
      assertThatThrownBy(() -> new Sgd(1).learningRate(wrong))
          .isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> new Sgd(1).step())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("no parameters");
    try (InputEmbedding layer = layer();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, 1)) {
      assertThatThrownBy(() -> new Sgd(1).step(layer, gradOutput))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call forward first");
      layer.forward(new int[] {1}, 1, 1);
      assertThatThrownBy(() -> new Sgd(1).step(layer, gradOutput))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("gradOutput has 1 elements");
    }
  }

  private InputEmbedding layer() {
    return InputEmbedding.builder(backend)
        .numEmbeddings(ROWS)
        .embeddingDim(DIM)
        .maxLength(MAX_LENGTH)
        .seed(5)
        .build();
  }

  private static float[] floats(Parameter parameter) {
    try (HostTensor host = parameter.toHost()) {
      return host.toFloatArray();
    }
  }

  private static int[] bits(Parameter parameter) {
    int[] bits = new int[(int) parameter.shape().elements()];
    parameter.read(MemorySegment.ofArray(bits));
    return bits;
  }

  private static float[] floats(Activation activation) {
    try (HostTensor host = activation.toHost()) {
      return host.toFloatArray();
    }
  }
}
