package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.DeviceType;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.GradCheck.Model;
import dev.embedcl.op.BagMode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import org.junit.jupiter.api.Test;

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

  /** Every layer with every pair of its options, on float64: the sharpest check there is. */
  @Test
  void everyLayerOfFloat64PassesWithEveryPairOfOptions() {
    int[] ids = {3, 1, 3, 0, 3, 6, 1, 3, -1, 9};
    int[] many = new int[150];
    Arrays.setAll(many, i -> i % 3 == 0 ? i % 7 : 3);
    try (Backend cpu = Backends.open("cpu")) {
      for (int options = 0; options < 8; options++) {
        boolean padded = (options & 1) != 0;
        boolean scaled = (options & 2) != 0;
        boolean positioned = (options & 4) != 0;
        InputEmbeddingBuilder builder =
            InputEmbedding.builder(cpu)
                .numEmbeddings(7)
                .embeddingDim(5)
                .seed(4)
                .dtype(DType.FLOAT64)
                .scaleGradByFreq(scaled)
                .clampOutOfRangeTo(3);
        if (padded) {
          builder.paddingIdx(1);
        }
        if (positioned) {
          builder.maxLength(150);
        }
        try (InputEmbedding layer = builder.build()) {
          int elements = 7 * 5 + (positioned ? 150 * 5 : 0);
          GradCheckReport report = GradCheck.of(layer, ids, 2, 5).run().orThrow();
          assertThat(report.checked()).isEqualTo(elements);
          assertThat(report.worst().tolerance()).isLessThan(1e-7);
          GradCheck.of(layer, many, 150, 1).mostElements(40).run().orThrow();
        }
        for (BagMode mode : BagMode.values()) {
          for (int kind = 0; kind < (mode == BagMode.SUM ? 2 : 1); kind++) {
            bags(cpu, mode, padded, scaled, positioned, kind == 1, ids);
          }
        }
      }
    }
  }

  private static void bags(
      Backend cpu,
      BagMode mode,
      boolean padded,
      boolean scaled,
      boolean lastOffset,
      boolean weighted,
      int[] ids) {
    EmbeddingBagBuilder builder =
        EmbeddingBag.builder(cpu)
            .numEmbeddings(7)
            .embeddingDim(5)
            .seed(4)
            .dtype(DType.FLOAT64)
            .mode(mode)
            .scaleGradByFreq(scaled)
            .includeLastOffset(lastOffset)
            .clampOutOfRangeTo(3);
    if (padded) {
      builder.paddingIdx(1);
    }
    double[] weights = new double[ids.length];
    Arrays.setAll(weights, i -> Math.cos(i));
    // With the last offset, the ids behind it count for nothing.
    BagBatch batch = BagBatch.of(ids, new int[] {0, 3, 3, 8});
    try (EmbeddingBag layer = builder.build()) {
      GradCheckReport report =
          GradCheck.of(layer, weighted ? batch.weighted(weights) : batch).run().orThrow();
      assertThat(report.checked()).isEqualTo(7 * 5);
    }
  }

  /** Sums that cancel and bags of several blocks, in float32 and on every backend too. */
  @EveryBackend
  void largeBagsPass(TestBackend device) {
    int[] ids = new int[300];
    Arrays.setAll(ids, i -> i % 7);
    for (DType type : DType.values()) {
      boolean fits = type == DType.FLOAT64 && device.shared().device().type() == DeviceType.JAVA;
      if (!fits && type != DType.FLOAT32) {
        continue;
      }
      for (BagMode mode : BagMode.values()) {
        try (EmbeddingBag layer =
            EmbeddingBag.builder(device.shared())
                .numEmbeddings(7)
                .embeddingDim(5)
                .seed(4)
                .dtype(type)
                .mode(mode)
                .build()) {
          GradCheck.of(layer, BagBatch.of(ids, new int[] {0, 290})).run().orThrow();
        }
      }
    }
  }

  /** The weights of samples are no parameter, so their gradient is checked here. */
  @Test
  void gradientOfSampleWeightsIsThatOfCentralDifferences() {
    int[] ids = {3, 1, 3, 0, 6, 2};
    double[] weights = {0.5, -1.25, 2, 1.0 / 3, 1, -0.75};
    double h = 1e-6;
    try (Backend cpu = Backends.open("cpu");
        EmbeddingBag layer =
            EmbeddingBag.builder(cpu)
                .numEmbeddings(7)
                .embeddingDim(5)
                .seed(4)
                .dtype(DType.FLOAT64)
                .mode(BagMode.SUM)
                .paddingIdx(1)
                .build();
        DeviceBuffer gradOutput = cpu.allocate(DType.FLOAT64, 2 * 5);
        DeviceBuffer found = cpu.allocate(DType.FLOAT64, 6)) {
      double[] c = new double[2 * 5];
      Arrays.setAll(c, i -> Math.sin(i + 1));
      gradOutput.write(MemorySegment.ofArray(c));
      layer.forward(BagBatch.of(ids, new int[] {0, 4}).weighted(weights));
      layer.perSampleWeightsGradientInto(gradOutput, found);
      double[] gradient = new double[6];
      found.read(MemorySegment.ofArray(gradient));
      for (int n = 0; n < 6; n++) {
        double difference = 0;
        for (int sign : new int[] {1, -1}) {
          double[] moved = weights.clone();
          moved[n] += sign * h;
          Activation out = layer.forward(BagBatch.of(ids, new int[] {0, 4}).weighted(moved));
          try (HostTensor host = out.toHost()) {
            double[] values = host.toDoubleArray();
            for (int i = 0; i < c.length; i++) {
              difference += sign * c[i] * values[i];
            }
          }
        }
        assertThat(gradient[n]).isCloseTo(difference / (2 * h), within(1e-8));
      }
      assertThat(gradient[1]).isZero();
    }
  }

  /** What no check in float32 can see. */
  @Test
  void anErrorOfOneInAMillionIsFoundInFloat64() {
    try (Backend cpu = Backends.open("cpu");
        InputEmbedding layer = layer(cpu, false, DType.FLOAT64)) {
      GradCheck.of(spoiltBy(layer, 3 * 5 + 2, 1)).run().orThrow();
      for (double factor : new double[] {1 + 1e-6, 1 - 1e-6}) {
        GradCheckReport report = GradCheck.of(spoiltBy(layer, 3 * 5 + 2, factor)).run();
        assertThat(report.failed()).isEqualTo(1);
        assertThat(report.worst().row()).isEqualTo(3);
        assertThat(report.worst().column()).isEqualTo(2);
      }
      assertThat(GradCheck.of(spoilt(layer, 2 * 5, 1e-300)).run().passed()).isFalse();
    }
    try (Backend cpu = Backends.open("cpu");
        InputEmbedding layer = layer(cpu, false, DType.FLOAT32)) {
      GradCheck.of(spoiltBy(layer, 3 * 5 + 2, 1 + 1e-7)).run().orThrow();
    }
  }

  @Test
  void numbersOf16BitsAreRefused() {
    try (Backend cpu = Backends.open("cpu");
        InputEmbedding layer = layer(cpu, false, DType.BFLOAT16)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> GradCheck.of(layer, IDS, 2, 4).run())
          .withMessage(
              "token_embedding.weight [7, 5] is BFLOAT16; check a layer of FLOAT64 or FLOAT32,"
                  + " whose passes are the same");
      assertThatIllegalArgumentException()
          .isThrownBy(() ->
              GradCheck.of(
                  EmbeddingBag.builder(cpu).numEmbeddings(3).embeddingDim(2).seed(1).build(),
                  BagBatch.of(IndexBatch.onDevice(cpu.allocate(DType.INT32, 4), 2, 2))))
          .withMessageContaining("has its ids on the device; give them here");
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
  private static Model spoilt(InputEmbedding layer, int element, double error) {
    return spoilt(layer, element, right -> right + error);
  }

  /** Multiplies an element of the token table's gradient. */
  private static Model spoiltBy(InputEmbedding layer, int element, double factor) {
    return spoilt(layer, element, right -> right * factor);
  }

  private static Model spoilt(InputEmbedding layer, int element, DoubleUnaryOperator fault) {
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
        try (HostTensor grad = weight.gradToHost();
            HostTensor wide = grad.to(DType.FLOAT64)) {
          double right = wide.segment().getAtIndex(ValueLayout.JAVA_DOUBLE, element);
          wide.segment().setAtIndex(ValueLayout.JAVA_DOUBLE, element, fault.applyAsDouble(right));
          try (HostTensor wrong = wide.to(grad.type())) {
            weight.gradForUpdate().buffer().write(wrong.segment());
          }
        }
      }

      @Override
      public double factor(Parameter parameter, long row) {
        return parameter == layer.tokens().weight() && row == 1 ? 0 : 1; // padding
      }
    };
  }

  private static InputEmbedding layer(Backend backend, boolean scaled) {
    return layer(backend, scaled, DType.FLOAT32);
  }

  private static InputEmbedding layer(Backend backend, boolean scaled, DType dtype) {
    return InputEmbedding.builder(backend)
        .numEmbeddings(7)
        .embeddingDim(5)
        .maxLength(5)
        .seed(4)
        .dtype(dtype)
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
