package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.DeviceType;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Accumulation;
import dev.embedcl.op.BagMode;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What layers of float64 do besides PyTorch's passes, and what they refuse. */
@DefaultLaunchProfile
final class Float64LayersTest {
  private static final int[] IDS = {3, 1, 3, 0, 3, 6};

  @EveryBackend
  void openClDevicesRefuseTheTableWithTheCure(TestBackend device) {
    if (device.shared().device().type() == DeviceType.JAVA) {
      layer(device.shared()).close();
      return;
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> layer(device.shared()))
        .withMessageStartingWith("token_embedding.weight: a table of FLOAT64 on opencl")
        .withMessageEndingWith("which computes in float32; open the device 'cpu' for float64");
  }

  @Test
  void everyKindOfGradientIsTheSame() {
    try (Backend cpu = Backends.open("cpu");
        InputEmbedding layer = layer(cpu);
        DeviceBuffer gradOutput = cpu.allocate(DType.FLOAT64, 6 * 5)) {
      double[] gradient = new double[6 * 5];
      Arrays.setAll(gradient, i -> Math.sin(i) / 3);
      gradOutput.write(MemorySegment.ofArray(gradient));
      layer.forward(IDS, 2, 3);
      layer.backward(gradOutput);
      final double[] dense = doubles(layer.tokens().weight().gradToHost());
      // Thrice the same row, whose gradient is divided by three; row 1 is padding.
      for (int d = 0; d < 5; d++) {
        double third = 1.0 / 3;
        assertThat(dense[3 * 5 + d])
            .isEqualTo(gradient[d] * third + gradient[10 + d] * third + gradient[20 + d] * third);
        assertThat(dense[5 + d]).isZero();
      }
      try (SparseGradient coalesced = layer.sparseGradient(gradOutput);
          SparseGradient entries = layer.uncoalescedGradient(gradOutput)) {
        assertThat(coalesced.rowsToHost()).containsExactly(0, 3, 6);
        double[] sums = doubles(coalesced.valuesToHost());
        assertThat(Arrays.copyOfRange(sums, 5, 10)).isEqualTo(Arrays.copyOfRange(dense, 15, 20));
        assertThat(entries.rowsToHost()).containsExactly(3, 3, 0, 3, 6);
        double[] values = doubles(entries.valuesToHost());
        for (int d = 0; d < 5; d++) {
          assertThat(values[5 + d]).isEqualTo(gradient[10 + d] * (1.0 / 3));
          assertThat(values[20 + d]).isEqualTo(gradient[25 + d]);
        }
      }
      layer.zeroGrad();
      assertThat(doubles(layer.tokens().weight().gradToHost())).containsOnly(0);
      layer.backward(gradOutput, Accumulation.ATOMIC);
      assertThat(doubles(layer.tokens().weight().gradToHost())).isEqualTo(dense);
    }
  }

  @Test
  void vocabulariesAreResizedInFloat64() {
    double[] values = {1.0 / 3, 2, 1e-20, -4.0 / 7, 5, 6.25};
    try (Backend cpu = Backends.open("cpu");
        HostTensor weight = HostTensor.of(Shape.of(3, 2), values);
        TokenEmbedding layer = TokenEmbedding.of(cpu, weight);
        TokenEmbedding larger = layer.resized(4)) {
      double[] expected = Arrays.copyOf(values, 8);
      expected[6] = (values[0] + values[2] + values[4]) / 3;
      expected[7] = (values[1] + values[3] + values[5]) / 3;
      assertThat(doubles(larger.weight().toHost())).isEqualTo(expected);
      assertThat(larger.weight().gradDtype()).isEqualTo(DType.FLOAT64);
    }
  }

  @Test
  void otherTypesBesideFloat64AreRefused() {
    try (Backend cpu = Backends.open("cpu");
        InputEmbedding layer = layer(cpu);
        TokenEmbedding narrow = TokenEmbedding.seeded(cpu, 7, 5, 1);
        DeviceBuffer floats = cpu.allocate(DType.FLOAT32, 30);
        DeviceBuffer doubles = cpu.allocate(DType.FLOAT64, 30);
        HostTensor hostFloats = HostTensor.allocate(DType.FLOAT32, Shape.of(2, 3, 5));
        HostTensor table = HostTensor.of(Shape.of(4, 5), new float[20])) {
      layer.forward(IDS, 2, 3);
      narrow.forward(IDS, 2, 3);
      refused(
          () -> layer.backward(floats),
          "gradOutput has 30 elements of FLOAT32; the last output, of shape [2, 3, 5], has 30 of"
              + " FLOAT64");
      refused(
          () -> narrow.backward(doubles),
          "gradOutput has 30 elements of FLOAT64; the last output, of shape [2, 3, 5], has 30 of"
              + " FLOAT32");
      refused(
          () -> layer.backward(hostFloats),
          "gradOutput is HostTensor(FLOAT32, [2, 3, 5]); the gradient of the last output is FLOAT64"
              + " of shape [2, 3, 5]");
      refused(
          () -> layer.forwardInto(IndexBatch.of(IDS, 2, 3), floats),
          "out is FLOAT32 beside FLOAT64; give another: where a table is FLOAT64, every matrix of"
              + " the operation is, and where not, none is");
      refused(
          () -> builder(cpu).outputDtype(DType.FLOAT32).build(),
          "outputDtype = FLOAT32; give the table's type, FLOAT64");
      refused(
          () -> builder(cpu).maxLength(4).positionWeight(table).build(),
          "tokens are FLOAT64, positions FLOAT32; where one table is FLOAT64, make both");
      refused(
          () -> QuantizedEmbedding.of(layer.tokens()),
          "token_embedding.weight [7, 5] is FLOAT64 and cannot be quantised; give FLOAT32, FLOAT16"
              + " or BFLOAT16");
    }
  }

  @Test
  void weightsOfSamplesAreOfTheTablesType() {
    BagBatch batch = BagBatch.of(IDS, new int[] {0, 4});
    try (Backend cpu = Backends.open("cpu");
        EmbeddingBag wide = bag(cpu, DType.FLOAT64);
        EmbeddingBag narrow = bag(cpu, DType.FLOAT32);
        DeviceBuffer gradOutput = cpu.allocate(DType.FLOAT64, 10)) {
      refused(
          () -> wide.forward(batch.weighted(new float[6])),
          "perSampleWeights are FLOAT32; the layer's table takes FLOAT64");
      refused(
          () -> narrow.forward(batch.weighted(new double[6])),
          "perSampleWeights are FLOAT64; the layer's table takes FLOAT32");
      refused(
          () -> batch.weighted(new double[5]), "perSampleWeights hold 5 numbers; there are 6 ids");
      wide.forward(batch.weighted(new double[6]));
      refused(
          () -> wide.perSampleWeightsGradient(gradOutput),
          "the table is FLOAT64, and so is this gradient; give perSampleWeightsGradientInto a"
              + " buffer");
    }
  }

  private static EmbeddingBag bag(Backend cpu, DType type) {
    return EmbeddingBag.builder(cpu)
        .numEmbeddings(7)
        .embeddingDim(5)
        .seed(1)
        .dtype(type)
        .mode(BagMode.SUM)
        .build();
  }

  private static InputEmbeddingBuilder builder(Backend backend) {
    return InputEmbedding.builder(backend)
        .numEmbeddings(7)
        .embeddingDim(5)
        .seed(4)
        .paddingIdx(1)
        .scaleGradByFreq(true)
        .dtype(DType.FLOAT64);
  }

  private static InputEmbedding layer(Backend backend) {
    return builder(backend).maxLength(5).build();
  }

  private static void refused(ThrowingCallable code, String message) {
    assertThatIllegalArgumentException().isThrownBy(code).withMessage(message);
  }

  private static double[] doubles(HostTensor tensor) {
    try (tensor) {
      return tensor.toDoubleArray();
    }
  }
}
