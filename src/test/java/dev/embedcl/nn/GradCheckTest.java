package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.GradCheck.Model;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Gradients against central differences, and gradients that are wrong on purpose. */
@DefaultLaunchProfile
final class GradCheckTest {
  private static final int[] IDS = {3, 1, 3, 0, 3, 6, 1, 3};

  @EveryBackend
  void everyLayerPasses(TestBackend device) {
    for (boolean scaled : new boolean[] {false, true}) {
      try (InputEmbedding layer = layer(device.shared(), scaled);
          TokenEmbedding hot = TokenEmbedding.seeded(device.shared(), 3, 2, 1)) {
        final float[] before = floats(layer.tokens().weight().toHost());
        GradCheckReport report = GradCheck.of(layer, IDS, 2, 4).run().orThrow();
        assertThat(report.checked()).isEqualTo(7 * 5 + 5 * 5);
        assertThat(report.toString()).startsWith("gradient is right: 0 of 60 elements");
        assertThat(floats(layer.tokens().weight().toHost())).isEqualTo(before);
        assertThat(layer.tokens().weight().grad()).isEmpty();
        int[] many = new int[500];
        Arrays.fill(many, 2);
        GradCheck.of(hot, many, 1, 500).eps(0.5).seed(9).run().orThrow();
      }
    }
  }

  @EveryBackend
  void elementsThatAreWrongAreFoundAndNamed(TestBackend device) {
    try (InputEmbedding layer = layer(device.shared(), false)) {
      for (float error : new float[] {1e-4f, 1, Float.NaN}) {
        GradCheckReport report = GradCheck.of(spoilt(layer, 3 * 5 + 2, error)).run();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.worst().row()).isEqualTo(3);
        assertThat(report.worst().column()).isEqualTo(2);
        assertThat(report.toString())
            .startsWith("gradient is wrong: 1 of 60 elements differ too much; worst is")
            .contains("token_embedding.weight[3, 2]: expected ", "found ", "tolerance ");
        assertThatThrownBy(report::orThrow)
            .isInstanceOf(AssertionError.class)
            .hasMessage(report.toString());
      }
      // A row that no id names has a tolerance of nothing.
      assertThat(GradCheck.of(spoilt(layer, 2 * 5, 1e-30f)).run().passed()).isFalse();
    }
  }

  @EveryBackend
  void someElementsOfManyAreChecked(TestBackend device) {
    try (InputEmbedding layer = layer(device.shared(), false)) {
      GradCheck check = GradCheck.of(layer, IDS, 2, 4).mostElements(7);
      assertThat(check.run().orThrow().checked()).isEqualTo(14);
      layer.tokens().weight().requiresGrad(false);
      assertThat(check.run().orThrow().checked()).isEqualTo(7);
      layer.parameters().get(1).requiresGrad(false);
      assertThatIllegalArgumentException()
          .isThrownBy(check::run)
          .withMessageContaining("no parameter requires a gradient");
      assertThatIllegalArgumentException().isThrownBy(() -> check.eps(0));
      assertThatIllegalArgumentException().isThrownBy(() -> check.mostElements(0));
    }
    try (TokenEmbedding layer =
        TokenEmbedding.builder(device.shared())
            .numEmbeddings(7)
            .embeddingDim(2)
            .seed(1)
            .maxNorm(1)
            .build()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> GradCheck.of(layer, IDS, 2, 4))
          .withMessageContaining("maxNorm = 1.0");
    }
  }

  /** Adds an error to an element of the token table's gradient. */
  private static Model spoilt(InputEmbedding layer, int element, float error) {
    return new Model() {
      @Override
      public List<Parameter> parameters() {
        return layer.parameters();
      }

      @Override
      public HostTensor forward() {
        return layer.forward(IDS, 2, 4).toHost();
      }

      @Override
      public void backward(HostTensor gradOutput) {
        layer.backward(gradOutput);
        Parameter weight = layer.tokens().weight();
        try (HostTensor grad = weight.gradToHost()) {
          var segment = grad.segment();
          float right = segment.getAtIndex(ValueLayout.JAVA_FLOAT, element);
          segment.setAtIndex(ValueLayout.JAVA_FLOAT, element, right + error);
          weight.gradForUpdate().buffer().write(segment);
        }
      }

      @Override
      public double factor(Parameter parameter, long row) {
        return parameter == layer.tokens().weight() && row == 1 ? 0 : 1; // padding
      }
    };
  }

  private static InputEmbedding layer(Backend backend, boolean scaled) {
    return InputEmbedding.builder(backend)
        .numEmbeddings(7)
        .embeddingDim(5)
        .maxLength(5)
        .seed(4)
        .paddingIdx(1)
        .scaleGradByFreq(scaled)
        .build();
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
