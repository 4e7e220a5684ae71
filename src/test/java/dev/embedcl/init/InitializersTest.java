package dev.embedcl.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import org.junit.jupiter.api.Test;

class InitializersTest {

  /** The first rows of {@code torch.manual_seed(123); nn.Embedding(6, 3)}. */
  @Test
  void freshEmbeddingHasPyTorchsWeights() {
    try (HostTensor weight = HostTensor.allocate(DType.FLOAT32, Shape.of(6, 3))) {
      Initializers.normal(weight, new TorchGenerator(123));
      assertThat(weight.toFloatArray())
          .containsExactly(
              new float[] {
                0.3374f, -0.1778f, -0.1690f, 0.9178f, 1.5810f, 1.3010f, 1.2753f, -0.2010f, -0.1606f,
                -0.4015f, 0.9666f, -1.1481f, -1.1589f, 0.3255f, -0.6315f, -2.8400f, -0.7849f,
                -1.4096f
              },
              within(5e-5f));
    }
  }

  @Test
  void normalValuesHaveTheirMeanAndDeviation() {
    try (HostTensor weight = HostTensor.allocate(DType.FLOAT32, Shape.of(1000, 1000))) {
      Initializers.normal(weight, 3, 0.02, new TorchGenerator(1));
      double sum = 0;
      double squares = 0;
      for (float value : weight.toFloatArray()) {
        sum += value - 3;
        squares += (value - 3.0) * (value - 3.0);
      }
      // Five standard errors of a million draws.
      assertThat(sum / 1e6).isCloseTo(0, within(5 * 0.02 / 1e3));
      assertThat(Math.sqrt(squares / 1e6)).isCloseTo(0.02, within(5 * 0.02 / 1.4e3));
    }
  }

  @Test
  void uniformValuesStayInTheirRange() {
    try (HostTensor weight = HostTensor.allocate(DType.FLOAT32, Shape.of(100_000))) {
      Initializers.uniform(weight, -0.05, 0.05, new TorchGenerator(1));
      float low = 1;
      float high = -1;
      for (float value : weight.toFloatArray()) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      assertThat(low).isBetween(-0.05f, -0.0499f);
      assertThat(high).isBetween(0.0499f, 0.05f);
    }
  }

  @Test
  void constantFillsEveryElementAroundTheCopySize() {
    for (int elements : new int[] {0, 1, 16_383, 16_384, 16_385, 40_000}) {
      try (HostTensor tensor = HostTensor.allocate(DType.FLOAT32, Shape.of(elements))) {
        Initializers.constant(tensor, -0.1f);
        assertThat(tensor.toFloatArray()).hasSize(elements);
        for (float value : tensor.toFloatArray()) {
          assertThat(value).isEqualTo(-0.1f);
        }
        Initializers.zeros(tensor);
        for (float value : tensor.toFloatArray()) {
          assertThat(Float.floatToRawIntBits(value)).isZero();
        }
      }
    }
  }

  @Test
  void otherTypesAreRefused() {
    try (HostTensor ids = HostTensor.allocate(DType.INT32, Shape.of(20))) {
      TorchGenerator generator = new TorchGenerator(1);
      assertIllegal(() -> Initializers.normal(ids, generator));
      assertIllegal(() -> Initializers.uniform(ids, 0, 1, generator));
      assertIllegal(() -> Initializers.constant(ids, 1));
      assertIllegal(() -> Initializers.zeros(ids));
      assertThat(ids.toIntArray()).containsOnly(0);
    }
  }

  @Test
  void closedTensorIsRefused() {
    HostTensor tensor = HostTensor.allocate(DType.FLOAT32, Shape.of(20));
    tensor.close();
    assertThatThrownBy(() -> Initializers.normal(tensor, new TorchGenerator(1)))
        .isInstanceOf(IllegalStateException.class);
  }

  private static void assertIllegal(Runnable call) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("INT32");
  }
}
