package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Accumulation;
import dev.embedcl.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Padding, scaling by frequency, frozen tables and sparse gradients. */
@DefaultLaunchProfile
final class TokenEmbeddingOptionsTest {
  private static final int[] IDS = {4, 1, 4, 0, 4, 1, 5, 4};
  private static final float[] GRAD_OUTPUT = {1, 2, 4, 8, 16, 32, 64, 128};

  @EveryBackend
  void paddingRowReceivesNoGradient(TestBackend device) {
    for (Accumulation accumulation : Accumulation.values()) {
      try (TokenEmbedding layer = layer(device.shared()).paddingIdx(4).build();
          DeviceBuffer gradOutput = gradOutput(device.shared())) {
        layer.forward(IDS, 2, 4);
        layer.backward(gradOutput, accumulation);
        assertThat(floats(layer.weight().gradToHost())).containsExactly(8, 34, 0, 0, 0, 64);
      }
    }
  }

  @EveryBackend
  void contributionsAreScaledByFrequency(TestBackend device) {
    for (Accumulation accumulation : Accumulation.values()) {
      try (TokenEmbedding layer = layer(device.shared()).scaleGradByFreq(true).build();
          DeviceBuffer gradOutput = gradOutput(device.shared())) {
        layer.forward(IDS, 2, 4);
        layer.backward(gradOutput, accumulation);
        assertThat(floats(layer.weight().gradToHost())).containsExactly(8, 17, 0, 0, 149 / 4f, 64);
      }
    }
  }

  @EveryBackend
  void paddingAndScalingGoTogetherWithFusedSteps(TestBackend device) {
    try (TokenEmbedding layer =
            layer(device.shared()).scaleGradByFreq(true).paddingIdx(-6).build();
        DeviceBuffer gradOutput = gradOutput(device.shared());
        Sgd sgd = new Sgd(1)) {
      layer.forward(IDS, 2, 4);
      sgd.step(layer, gradOutput);
      assertThat(floats(layer.weight().toHost()))
          .containsExactly(100, 100 - 17, 100, 100, 100 - 149 / 4f, 100 - 64);
      assertThat(layer.paddingIdx()).hasValue(0);
      assertThat(layer.scaleGradByFreq()).isTrue();
    }
  }

  @EveryBackend
  void freshTableHasZerosForPaddingAndIsOtherwiseTheSame(TestBackend device) {
    try (TokenEmbedding plain = TokenEmbedding.seeded(device.shared(), 6, 3, 7);
        TokenEmbedding padded =
            TokenEmbedding.builder(device.shared())
                .numEmbeddings(6)
                .embeddingDim(3)
                .seed(7)
                .paddingIdx(-2)
                .build()) {
      float[] expected = floats(plain.weight().toHost());
      Arrays.fill(expected, 4 * 3, 5 * 3, 0);
      assertThat(floats(padded.weight().toHost())).isEqualTo(expected);
      assertThat(plain.paddingIdx()).isEmpty();
      assertThat(padded.paddingIdx()).hasValue(4);
    }
  }

  @EveryBackend
  void frozenTableStaysWhilePositionsLearn(TestBackend device) {
    Backend backend = device.shared();
    try (InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(6)
                .embeddingDim(1)
                .maxLength(4)
                .seed(1)
                .frozenTokens(true)
                .build();
        DeviceBuffer gradOutput = gradOutput(backend);
        Sgd sgd = new Sgd(1, layer.parameters())) {
      final float[] tokens = floats(layer.tokens().weight().toHost());
      final Parameter positions = layer.parameters().get(1);
      final float[] before = floats(positions.toHost());
      layer.forward(IDS, 2, 4);
      for (Accumulation accumulation : Accumulation.values()) {
        layer.zeroGrad();
        layer.backward(gradOutput, accumulation);
        assertThat(layer.tokens().weight().grad()).isEmpty();
        assertThat(floats(positions.gradToHost())).containsExactly(17, 34, 68, 136);
      }
      sgd.step(layer, gradOutput);
      sgd.step();
      assertThat(floats(layer.tokens().weight().toHost())).isEqualTo(tokens);
      float[] moved = floats(positions.toHost());
      for (int t = 0; t < 4; t++) {
        assertThat(moved[t]).isEqualTo(before[t] - (17 << t) - (17 << t));
      }
      layer.tokens().weight().requiresGrad(true);
      sgd.step(layer, gradOutput);
      assertThat(floats(layer.tokens().weight().toHost())).isNotEqualTo(tokens);
    }
  }

  @EveryBackend
  void pretrainedTableIsFrozen(TestBackend device) {
    try (HostTensor weight = HostTensor.of(Shape.of(2, 1), 5f, 6f);
        TokenEmbedding layer = TokenEmbedding.fromPretrained(device.shared(), weight)) {
      assertThat(layer.weight().requiresGrad()).isFalse();
      assertThat(floats(layer.weight().toHost())).containsExactly(5, 6);
    }
  }

  @EveryBackend
  void sparseGradientHasTheTouchedRowsInOrder(TestBackend device) {
    Backend backend = device.shared();
    try (TokenEmbedding layer = layer(backend).paddingIdx(1).build();
        DeviceBuffer gradOutput = gradOutput(backend)) {
      layer.forward(IDS, 2, 4);
      try (SparseGradient gradient = layer.sparseGradient(gradOutput)) {
        assertThat(gradient.rowsToHost()).containsExactly(0, 4, 5);
        assertThat(floats(gradient.valuesToHost())).containsExactly(8, 149, 64);
        assertThat(gradient.denseShape()).isEqualTo(Shape.of(6, 1));

        layer.forward(new int[] {2}, 1, 1);
        layer.sparseGradientInto(gradOutput, gradient);
        assertThat(gradient.rowCount()).isEqualTo(1);
        assertThat(gradient.rowsToHost()).containsExactly(2);
        assertThat(floats(gradient.valuesToHost())).containsExactly(1);
        layer.forward(new int[] {1}, 1, 1);
        layer.sparseGradientInto(gradOutput, gradient);
        assertThat(gradient.rowsToHost()).isEmpty();
        try (TokenEmbedding other = layer(backend).build()) {
          other.forward(new int[] {1}, 1, 1);
          assertThatIllegalArgumentException()
              .isThrownBy(() -> other.sparseGradientInto(gradOutput, gradient))
              .withMessageContaining("another layer");
        }
        gradient.close();
        assertThatIllegalStateException()
            .isThrownBy(() -> layer.sparseGradientInto(gradOutput, gradient));
      }
    }
  }

  @EveryBackend
  void wrongOptionsAreNamed(TestBackend device) {
    Backend backend = device.shared();
    for (long wrong : new long[] {6, -7}) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layer(backend).paddingIdx(wrong).build())
          .withMessage("paddingIdx = " + wrong + " is out of range [-6, 6)");
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> TokenEmbedding.builder(backend).numEmbeddings(3).build())
        .withMessage("embeddingDim is missing: set it before build()");
    try (HostTensor weight = HostTensor.of(Shape.of(2, 1), 5f, 6f)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> TokenEmbedding.builder(backend).weight(weight).numEmbeddings(3).build())
          .withMessageContaining("numEmbeddings = 3 contradicts weight");
    }
  }

  /** Returns a table of six rows with one column, each 100. */
  private static TokenEmbeddingBuilder layer(Backend backend) {
    float[] hundreds = new float[6];
    Arrays.fill(hundreds, 100);
    return TokenEmbedding.builder(backend).weight(HostTensor.of(Shape.of(6, 1), hundreds));
  }

  private static DeviceBuffer gradOutput(Backend backend) {
    DeviceBuffer buffer = backend.allocate(DType.FLOAT32, GRAD_OUTPUT.length);
    buffer.write(MemorySegment.ofArray(GRAD_OUTPUT.clone()));
    return buffer;
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
