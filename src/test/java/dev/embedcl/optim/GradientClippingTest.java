package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.EmbeddingBag;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.op.BagMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Limits of gradients' norms, against float64 and against each other. */
@DefaultLaunchProfile
final class GradientClippingTest {
  /** More than are measured at a time. */
  private static final int MANY_ROWS = 66_000;

  private static final int ROWS = 300;
  private static final int DIM = 21;
  private static final int COUNT = 5 * 6;

  @EveryBackend
  void normsAndScaledGradientsAreTheSameEverywhereAndRight(TestBackend device) {
    for (double normType : new double[] {2, 1, Double.POSITIVE_INFINITY}) {
      final List<float[]> expected;
      final double norm;
      try (CpuBackend cpu = CpuBackend.builder().threads(1).build();
          InputEmbedding layer = withGradient(cpu, MANY_ROWS)) {
        double exact = 0;
        List<float[]> scaled = gradients(layer);
        for (float[] gradient : scaled) {
          for (float g : gradient) {
            double x = Math.abs((double) g);
            exact = normType == 2 ? exact + x * x : normType == 1 ? exact + x : Math.max(exact, x);
          }
        }
        norm = GradientClipping.clipNorm(layer.parameters(), 0.75, normType);
        exact = normType == 2 ? Math.sqrt(exact) : exact;
        assertThat(norm).isCloseTo(exact, within(exact * 8 * 0x1p-24));
        float factor = (float) (0.75 / (norm + 1e-6));
        for (float[] gradient : scaled) {
          for (int i = 0; i < gradient.length; i++) {
            gradient[i] *= factor;
          }
        }
        expected = scaled;
      }
      try (InputEmbedding layer = withGradient(device.shared(), MANY_ROWS)) {
        assertThat(GradientClipping.clipNorm(layer.parameters(), 0.75, normType)).isEqualTo(norm);
        List<float[]> actual = gradients(layer);
        for (int i = 0; i < expected.size(); i++) {
          assertThat(actual.get(i)).isEqualTo(expected.get(i));
        }
      }
    }
  }

  @EveryBackend
  void fusedAndDenseStepsHaveTheSameNormAndWeights(TestBackend device) {
    for (double normType : new double[] {2, 1, Double.POSITIVE_INFINITY}) {
      for (double maxNorm : new double[] {0.5, 1e6}) {
        try (InputEmbedding fused = withGradient(device.shared(), ROWS);
            InputEmbedding dense = withGradient(device.shared(), ROWS);
            InputEmbedding free = withGradient(device.shared(), ROWS);
            Adagrad fusedOptimizer = new Adagrad(AdagradOptions.of(0.1));
            Adagrad denseOptimizer = new Adagrad(AdagradOptions.of(0.1), dense.parameters());
            Adagrad freeOptimizer = new Adagrad(AdagradOptions.of(0.1));
            HostTensor gradOutput = gradOutput()) {
          fusedOptimizer.maxGradNorm(maxNorm, normType);
          denseOptimizer.maxGradNorm(maxNorm, normType);
          assertThat(fusedOptimizer.lastGradNorm()).isNaN();
          fusedOptimizer.step(fused, gradOutput);
          denseOptimizer.step();
          freeOptimizer.step(free, gradOutput);
          assertThat(fusedOptimizer.lastGradNorm())
              .isPositive()
              .isEqualTo(denseOptimizer.lastGradNorm());
          for (int i = 0; i < 2; i++) {
            float[] clipped = floats(fused.parameters().get(i).toHost());
            assertThat(clipped).isEqualTo(floats(dense.parameters().get(i).toHost()));
            float[] unlimited = floats(free.parameters().get(i).toHost());
            if (maxNorm == 1e6) {
              assertThat(clipped).isEqualTo(unlimited);
            } else {
              assertThat(clipped).isNotEqualTo(unlimited);
            }
          }
        }
      }
    }
  }

  @EveryBackend
  void gradientsOfBagsAreLimitedToo(TestBackend device) {
    int[] ids = {0, 1, 2, 3, 3, 1, 0, 0};
    int[] offsets = {0, 3, 5};
    for (BagMode mode : BagMode.values()) {
      try (EmbeddingBag fused = bag(device.shared(), mode);
          EmbeddingBag dense = bag(device.shared(), mode);
          Sgd fusedSgd = new Sgd(1);
          Sgd denseSgd = new Sgd(SgdOptions.of(1), dense.parameters());
          HostTensor gradOutput =
              HostTensor.of(Shape.of(3, 2), new float[] {3, -4, 1, 2, -0.5f, 7})) {
        final float[] before = floats(fused.weight().toHost());
        fusedSgd.maxGradNorm(0.5);
        denseSgd.maxGradNorm(0.5);
        fused.forward(ids, offsets);
        fusedSgd.step(fused, gradOutput);
        dense.forward(ids, offsets);
        dense.backward(gradOutput);
        denseSgd.step();

        assertThat(fusedSgd.lastGradNorm())
            .as(mode.name())
            .isGreaterThan(0.5)
            .isEqualTo(denseSgd.lastGradNorm());
        float[] after = floats(fused.weight().toHost());
        assertThat(after).as(mode.name()).isEqualTo(floats(dense.weight().toHost()));
        double squares = 0;
        for (int i = 0; i < after.length; i++) {
          squares += Math.pow((double) after[i] - before[i], 2);
        }
        assertThat(Math.sqrt(squares)).as(mode.name()).isCloseTo(0.5, within(1e-5));
      }
    }
  }

  private static EmbeddingBag bag(Backend backend, BagMode mode) {
    return EmbeddingBag.builder(backend)
        .numEmbeddings(5)
        .embeddingDim(2)
        .seed(1)
        .mode(mode)
        .build();
  }

  /** With a rate of 1 plain SGD moves by the gradient itself. */
  @EveryBackend
  void stepHasAtMostTheNormThatIsAllowed(TestBackend device) {
    try (InputEmbedding layer = withGradient(device.shared(), ROWS);
        Sgd sgd = new Sgd(1);
        HostTensor gradOutput = gradOutput()) {
      List<float[]> before = new ArrayList<>();
      layer.parameters().forEach(p -> before.add(floats(p.toHost())));
      layer.tokens().weight().requiresGrad(false);
      sgd.maxGradNorm(0.25);
      assertThat(sgd.settings()).endsWith(" with maxGradNorm=0.25, normType=2.0");
      sgd.step(layer, gradOutput);
      assertThat(floats(layer.parameters().get(0).toHost())).isEqualTo(before.get(0));
      float[] after = floats(layer.parameters().get(1).toHost());
      double squares = 0;
      for (int i = 0; i < after.length; i++) {
        double moved = (double) after[i] - before.get(1)[i];
        squares += moved * moved;
      }
      assertThat(Math.sqrt(squares)).isCloseTo(0.25, within(1e-6));
    }
  }

  @EveryBackend
  void emptyAndUnusualGradientsAreTreatedAsPyTorchTreatsThem(TestBackend device) {
    try (Parameter parameter = Parameter.zeros(device.shared(), "p", 2, 2);
        HostTensor bad = HostTensor.of(Shape.of(2, 2), 1, 2, Float.NaN, 4)) {
      List<Parameter> all = List.of(parameter);
      assertThat(GradientClipping.clipNorm(all, 1)).isZero();
      parameter.gradForUpdate().buffer().write(bad.segment());
      assertThat(GradientClipping.clipNorm(all, 1)).isNaN();
      assertThat(floats(parameter.gradToHost())).containsOnly(Float.NaN);
      for (double wrong : new double[] {-1, Double.NaN}) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> GradientClipping.clipNorm(all, wrong))
            .withMessageContaining("maxNorm = " + wrong);
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> GradientClipping.clipNorm(all, 1, 3))
          .withMessageContaining("normType = 3.0");
    }
  }

  /** Returns a layer after forward and backward, on which everything is determined. */
  private static InputEmbedding withGradient(Backend backend, int rows) {
    InputEmbedding layer =
        InputEmbedding.builder(backend)
            .numEmbeddings(rows)
            .embeddingDim(DIM)
            .maxLength(8)
            .seed(1)
            .build();
    int[] ids = ReferenceModel.randomIds(new Random(2), COUNT, rows);
    ids[3] = ids[7];
    layer.forward(ids, 5, 6);
    try (HostTensor gradOutput = gradOutput()) {
      layer.backward(gradOutput);
    }
    return layer;
  }

  private static HostTensor gradOutput() {
    return HostTensor.of(
        Shape.of(5, 6, DIM), ReferenceModel.randomFloats(new Random(3), COUNT * DIM));
  }

  private static List<float[]> gradients(InputEmbedding layer) {
    List<float[]> all = new ArrayList<>();
    layer.parameters().forEach(p -> all.add(floats(p.gradToHost())));
    return all;
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
