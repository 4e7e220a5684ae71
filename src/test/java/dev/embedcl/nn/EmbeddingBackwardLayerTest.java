package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestBackends;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Accumulation;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code backward} leaves in the parameters' gradients. */
@DefaultLaunchProfile
@ParameterizedClass
@ArgumentsSource(TestBackends.class)
final class EmbeddingBackwardLayerTest {
  private static final int ROWS = 23;
  private static final int MAX_LENGTH = 40;

  private final Random random = new Random(20261122);
  private final DecoratedBackend backend;

  EmbeddingBackwardLayerTest(TestBackend named) {
    // Where there is no such device, this skips the test.
    backend = new DecoratedBackend(named.open());
  }

  @AfterEach
  void close() {
    backend.close();
  }

  @ParameterizedTest
  @CsvSource({"1,1,1,0", "3,2,3,5", "40,30,4,10", "2,7,17,0", "200,3,64,1"})
  void gradientsAreTheSumsInDeterministicOrder(int batchSize, int seqLen, int dim, int start) {
    try (InputEmbedding layer = layer(dim)) {
      final int count = batchSize * seqLen;
      int[] ids = ReferenceModel.randomIds(random, count, ROWS);
      float[] gradOutput = ReferenceModel.randomFloats(random, count * dim);

      layer.forward(IndexBatch.of(ids, batchSize, seqLen).startingAt(start));
      backward(layer, gradOutput, batchSize, seqLen, dim);

      ReferenceModel reference = reference(dim);
      assertThat(grad(layer.parameters().get(0)))
          .isEqualTo(reference.weightSums(gradOutput, ids, count));
      assertThat(grad(layer.parameters().get(1)))
          .isEqualTo(reference.positionSums(gradOutput, batchSize, seqLen, start));
    }
  }

  @Test
  void idsOnTheDeviceGiveTheSameGradients() {
    final int dim = 4;
    int[] ids = ReferenceModel.randomIds(random, 12, ROWS);
    float[] gradOutput = ReferenceModel.randomFloats(random, 12 * dim);
    float[] expected = reference(dim).weightSums(gradOutput, ids, 12);
    for (Accumulation accumulation : Accumulation.values()) {
      try (InputEmbedding layer = layer(dim);
          DeviceBuffer indices = backend.allocate(DType.INT32, 12);
          DeviceBuffer gradient = backend.allocate(DType.FLOAT32, 12L * dim)) {
        indices.write(MemorySegment.ofArray(ids));
        gradient.write(MemorySegment.ofArray(gradOutput));
        layer.forward(IndexBatch.onDevice(indices, 3, 4));
        layer.backward(gradient, accumulation);

        assertThat(grad(layer.tokens().weight())).containsExactly(expected, within(1e-4f));
        layer.zeroGrad();
        assertThat(grad(layer.tokens().weight())).containsOnly(0f);
      }
    }
  }

  @Test
  void wrongIdOnTheDeviceIsNamedByTheDeterministicBackward() {
    try (InputEmbedding layer = layer(2);
        DeviceBuffer indices = backend.allocate(DType.INT32, 2);
        DeviceBuffer gradient = backend.allocate(DType.FLOAT32, 4)) {
      indices.write(MemorySegment.ofArray(new int[] {5, -3}));
      layer.forward(IndexBatch.onDevice(indices, 1, 2));

      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> layer.backward(gradient))
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("indices[1] = -3 is out of range [0, 23)");
      }
      assertThat(layer.tokens().weight().grad()).isEmpty();
      assertThat(layer.parameters().get(1).grad()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsAddUpUntilTheyAreForgotten(boolean ownMemory) {
    if (ownMemory) {
      backend.withOwnMemory();
    }
    final int dim = 3;
    try (InputEmbedding layer = layer(dim)) {
      float[] ones = {1, 1, 1, 1, 1, 1};
      final Parameter weight = layer.tokens().weight();
      final Parameter positions = layer.parameters().get(1);
      assertThat(weight.grad()).isEmpty();

      layer.forward(new int[] {2, 2}, 1, 2);
      backward(layer, ones, 1, 2, dim);
      backward(layer, ones, 1, 2, dim);
      layer.forward(new int[] {2, 7}, 2, 1);
      backward(layer, ones, 2, 1, dim);
      assertThat(grad(weight)).isEqualTo(rows(ROWS, dim, 2, 5f, 7, 1f));
      assertThat(grad(positions)).isEqualTo(rows(MAX_LENGTH, dim, 0, 4f, 1, 2f));

      layer.zeroGrad();
      assertThat(weight.grad()).isEmpty();
      assertThat(grad(weight)).containsOnly(0f);

      layer.forward(new int[] {3, 2}, 1, 2);
      backward(layer, ones, 1, 2, dim);
      assertThat(grad(weight)).isEqualTo(rows(ROWS, dim, 3, 1f, 2, 1f));
      assertThat(grad(positions)).isEqualTo(rows(MAX_LENGTH, dim, 0, 1f, 1, 1f));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void gradientsFromElsewhereAreForgottenWhole(boolean ownMemory) {
    if (ownMemory) {
      backend.withOwnMemory();
    }
    try (InputEmbedding layer = layer(2)) {
      Parameter weight = layer.tokens().weight();
      weight.gradForUpdate().buffer().write(MemorySegment.ofArray(filled(ROWS * 2, 9)));
      assertThat(grad(weight)).containsOnly(9f);

      weight.zeroGrad();
      layer.forward(new int[] {4}, 1, 1);
      backward(layer, new float[] {1, 1}, 1, 1, 2);

      assertThat(grad(weight)).isEqualTo(rows(ROWS, 2, 4, 1f, 4, 1f));
    }
  }

  @Test
  void atomicBackwardIsExactOnSmallIntegers() {
    final int dim = 6;
    final int count = 300;
    int[] ids = ReferenceModel.randomIds(random, count, ROWS);
    float[] gradOutput = new float[count * dim];
    for (int i = 0; i < gradOutput.length; i++) {
      gradOutput[i] = random.nextInt(17) - 8;
    }
    try (InputEmbedding layer = layer(dim);
        DeviceBuffer gradient = backend.allocate(DType.FLOAT32, gradOutput.length)) {
      gradient.write(MemorySegment.ofArray(gradOutput));
      layer.forward(ids, 30, 10);
      layer.backward(gradient, Accumulation.ATOMIC);

      // Compared as numbers: the order may leave another sign of zero.
      assertThat(grad(layer.tokens().weight()))
          .usingElementComparator((a, b) -> a == b.floatValue() ? 0 : 1)
          .isEqualTo(reference(dim).weightSums(gradOutput, ids, count));
    }
  }

  @Test
  void gradientsAgreeWithFiniteDifferences() {
    final int dim = 3;
    final int[] ids = {1, 5, 1, 0, 5, 5};
    // The loss is Σ c · out + out² / 2, so its gradient is c + out.
    final float[] c = ReferenceModel.randomFloats(random, ids.length * dim);
    try (InputEmbedding layer = layer(dim)) {
      float[] gradOutput = output(layer, ids);
      for (int i = 0; i < gradOutput.length; i++) {
        gradOutput[i] += c[i];
      }
      backward(layer, gradOutput, 3, 2, dim);
      for (Parameter parameter : layer.parameters()) {
        float[] values = floats(parameter.toHost());
        float[] gradient = grad(parameter);
        for (int i = 0; i < values.length; i++) {
          final float step = 1f / 64;
          final float value = values[i];
          values[i] = value + step;
          parameter.write(MemorySegment.ofArray(values));
          final double above = loss(c, output(layer, ids));
          values[i] = value - step;
          parameter.write(MemorySegment.ofArray(values));
          final double below = loss(c, output(layer, ids));
          values[i] = value;
          parameter.write(MemorySegment.ofArray(values));
          assertThat((above - below) / (2 * step))
              .as("%s, element %d", parameter, i)
              .isCloseTo(gradient[i], within(1e-3));
        }
      }
    }
  }

  @Test
  void backwardNeedsAForward() {
    try (InputEmbedding layer = layer(2);
        DeviceBuffer gradient = backend.allocate(DType.FLOAT32, 4);
        HostTensor host = HostTensor.of(Shape.of(1, 2, 2), 1f, 2f, 3f, 4f)) {
      assertThatThrownBy(() -> layer.backward(gradient))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call forward first");
      assertThatThrownBy(() -> layer.backward(host)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> layer.gradient(gradient)).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void gradOutputMustFitTheLastOutput() {
    try (InputEmbedding layer = layer(2);
        DeviceBuffer small = backend.allocate(DType.FLOAT32, 7);
        DeviceBuffer ints = backend.allocate(DType.INT32, 8);
        HostTensor flat = HostTensor.of(Shape.of(2, 4), filled(8, 1))) {
      layer.forward(new int[] {1, 2, 3, 4}, 2, 2);

      assertThatThrownBy(() -> layer.backward(small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "gradOutput has 7 elements of FLOAT32; the last output, of shape [2, 2, 2], has 8 of"
                  + " FLOAT32");
      assertThatThrownBy(() -> layer.backward(ints))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("INT32");
      assertThatThrownBy(() -> layer.backward(flat))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[2, 4]")
          .hasMessageContaining("[2, 2, 2]");
      assertThat(layer.tokens().weight().grad()).isEmpty();
    }
  }

  @Test
  void inferenceMakesNoGradientAndOneOperation() {
    try (InputEmbedding layer = layer(2)) {
      layer.forward(new int[] {1, 2, 3, 4}, 2, 2);
      final int before = backend.allocations();
      for (int i = 0; i < 10; i++) {
        layer.forward(new int[] {1, 2, 3}, 1, 3);
      }

      assertThat(backend.allocations()).isEqualTo(before);
      assertThat(backend.executed()).containsOnlyKeys("EmbeddingForward");
      assertThat(backend.executed().get("EmbeddingForward")).isEqualTo(11);
    }
  }

  private ReferenceModel reference(int dim) {
    return new ReferenceModel(new float[ROWS * dim], new float[MAX_LENGTH * dim], dim);
  }

  private InputEmbedding layer(int dim) {
    return InputEmbedding.builder(backend)
        .numEmbeddings(ROWS)
        .embeddingDim(dim)
        .maxLength(MAX_LENGTH)
        .seed(7)
        .build();
  }

  private static void backward(
      InputEmbedding layer, float[] gradOutput, int batchSize, int seqLen, int dim) {
    try (HostTensor tensor = HostTensor.of(Shape.of(batchSize, seqLen, dim), gradOutput)) {
      layer.backward(tensor);
    }
  }

  private static float[] output(InputEmbedding layer, int[] ids) {
    return floats(layer.forward(ids, ids.length / 2, 2).toHost());
  }

  private static double loss(float[] c, float[] out) {
    double loss = 0;
    for (int i = 0; i < c.length; i++) {
      loss += (double) c[i] * out[i] + (double) out[i] * out[i] / 2;
    }
    return loss;
  }

  private static float[] grad(Parameter parameter) {
    return floats(parameter.gradToHost());
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }

  private static float[] filled(int count, float value) {
    float[] values = new float[count];
    Arrays.fill(values, value);
    return values;
  }

  /** Returns zeros but for two rows. */
  private static float[] rows(
      int rows, int dim, int row, float value, int otherRow, float otherValue) {
    float[] values = new float[rows * dim];
    Arrays.fill(values, row * dim, (row + 1) * dim, value);
    Arrays.fill(values, otherRow * dim, (otherRow + 1) * dim, otherValue);
    return values;
  }
}
