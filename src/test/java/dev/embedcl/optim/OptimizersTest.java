package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.DecoratedBackend;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Function;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** What the optimizers do besides PyTorch's traces. */
@DefaultLaunchProfile
final class OptimizersTest {
  private static final int ROWS = 30;
  private static final int DIM = 5;

  private static final Map<String, Function<List<Parameter>, Optimizer>> ALL =
      Map.of(
          "Sgd", p -> new Sgd(SgdOptions.of(0.1).withMomentum(0.9).withWeightDecay(0.1), p),
          "Adagrad", p -> new Adagrad(AdagradOptions.of(0.1).withWeightDecay(0.1), p),
          "RowwiseAdagrad", p -> new RowwiseAdagrad(0.1, 1e-8, p),
          "SparseAdam", p -> new SparseAdam(AdamOptions.of(0.1), p),
          "Adam", p -> new Adam(AdamOptions.of(0.1).withWeightDecay(0.1), p),
          "AdamW", p -> new AdamW(AdamOptions.of(0.1).withWeightDecay(0.1), p));

  @EveryBackend
  void fusedStepsLeaveOtherRowsAloneAndAllocateStateOnce(TestBackend device) {
    ALL.forEach((name, make) -> {
      try (DecoratedBackend backend = new DecoratedBackend(device.open());
          InputEmbedding layer = layer(backend);
          HostTensor gradOutput = ones(1, 3);
          Optimizer optimizer = make.apply(List.of())) {
        final float[] tokens = floats(layer.parameters().get(0));
        final float[] positions = floats(layer.parameters().get(1));
        layer.forward(new int[] {2, 2, 7}, 1, 3);
        optimizer.step(layer, gradOutput);
        final int allocations = backend.allocations();
        optimizer.step(layer, gradOutput);
        optimizer.step(layer, gradOutput);
        assertThat(backend.allocations()).as(name).isEqualTo(allocations);

        float[] movedTokens = floats(layer.parameters().get(0));
        float[] movedPositions = floats(layer.parameters().get(1));
        for (int i = 0; i < tokens.length; i++) {
          assertThat(movedTokens[i] != tokens[i])
              .as("%s moves row %d", name, i / DIM)
              .isEqualTo(i / DIM == 2 || i / DIM == 7);
        }
        for (int i = 0; i < positions.length; i++) {
          assertThat(movedPositions[i] != positions[i]).as(name).isEqualTo(i / DIM < 3);
        }
        assertThat(layer.parameters()).allMatch(p -> optimizer.steps(p) == 3);
        assertThat(layer.parameters()).allMatch(p -> p.grad().isEmpty());
      }
    });
  }

  @Test
  void float64IsRefusedBeforeAnythingChanges() {
    String message =
        "token_embedding.weight [30, 5] is FLOAT64, which optimizers do not move: float64 is for"
            + " checks of gradients; train a table of FLOAT32, FLOAT16 or BFLOAT16";
    try (DecoratedBackend backend = new DecoratedBackend(Backends.open("cpu"));
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(ROWS)
                .embeddingDim(DIM)
                .maxLength(3)
                .seed(1)
                .dtype(DType.FLOAT64)
                .build();
        HostTensor gradOutput = HostTensor.allocate(DType.FLOAT64, Shape.of(1, 3, DIM))) {
      layer.forward(new int[] {2, 2, 7}, 1, 3);
      final var gradient = layer.gradient(gradOutput);
      final int allocations = backend.allocations();
      ALL.forEach((name, make) -> {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> make.apply(layer.parameters()))
            .withMessage(message);
        try (Optimizer optimizer = make.apply(List.of())) {
          for (double limit : new double[] {Double.POSITIVE_INFINITY, 1}) {
            optimizer.maxGradNorm(limit);
            assertThatIllegalArgumentException()
                .isThrownBy(() -> optimizer.step(gradient))
                .withMessage(message);
          }
          assertThatIllegalArgumentException()
              .isThrownBy(() -> optimizer.state(layer.parameters().getFirst()))
              .withMessage(message);
          assertThat(optimizer.remembered()).isEmpty();
        }
      });
      assertThat(backend.allocations()).isEqualTo(allocations);
    }
  }

  @EveryBackend
  void denseAndFusedStepsShareState(TestBackend device) {
    for (String name : List.of("RowwiseAdagrad", "SparseAdam")) {
      Function<List<Parameter>, Optimizer> make = Objects.requireNonNull(ALL.get(name));
      try (InputEmbedding fused = layer(device.shared());
          InputEmbedding mixed = layer(device.shared());
          Optimizer fusedOptimizer = make.apply(fused.parameters());
          Optimizer mixedOptimizer = make.apply(mixed.parameters())) {
        // Every row is named, so that a dense gradient has no other rows.
        int[] ids = new int[ROWS];
        Arrays.setAll(ids, i -> i);
        try (HostTensor gradOutput = ones(ROWS / 3, 3)) {
          for (int step = 0; step < 6; step++) {
            fused.forward(ids, ROWS / 3, 3);
            fusedOptimizer.step(fused, gradOutput);
            mixed.forward(ids, ROWS / 3, 3);
            if (step % 2 == 0) {
              mixedOptimizer.step(mixed, gradOutput);
            } else {
              mixedOptimizer.zeroGrad();
              mixed.backward(gradOutput);
              mixedOptimizer.step();
            }
          }
        }
        assertThat(floats(mixed.parameters().get(0)))
            .as(name)
            .isEqualTo(floats(fused.parameters().get(0)));
      }
    }
  }

  /** FBGEMM's formula in float64; the tolerance is some roundings for each step. */
  @EveryBackend
  void rowwiseAdagradFollowsItsFormulaInFloat64(TestBackend device) {
    Random random = new Random(20261122);
    try (InputEmbedding layer = layer(device.shared());
        RowwiseAdagrad optimizer = new RowwiseAdagrad(0.1)) {
      float[] before = floats(layer.parameters().get(0));
      double[] weight = new double[before.length];
      Arrays.setAll(weight, i -> before[i]);
      double[] state = new double[ROWS];
      for (int step = 0; step < 50; step++) {
        int[] ids = ReferenceModel.randomIds(random, 24, ROWS);
        float[] gradients = ReferenceModel.randomFloats(random, 24 * DIM);
        layer.forward(ids, 8, 3);
        try (HostTensor gradOutput = HostTensor.of(Shape.of(8, 3, DIM), gradients)) {
          optimizer.step(layer, gradOutput);
        }
        double[] sums = new double[weight.length];
        for (int i = 0; i < gradients.length; i++) {
          sums[ids[i / DIM] * DIM + i % DIM] += gradients[i];
        }
        for (int row = 0; row < ROWS; row++) {
          double squares = 0;
          for (int d = 0; d < DIM; d++) {
            squares += sums[row * DIM + d] * sums[row * DIM + d];
          }
          state[row] += squares / DIM;
          double rate = 0.1 / (Math.sqrt(state[row]) + 1e-8);
          for (int d = 0; d < DIM; d++) {
            weight[row * DIM + d] -= rate * sums[row * DIM + d];
          }
        }
      }
      float[] actual = floats(layer.parameters().get(0));
      for (int i = 0; i < weight.length; i++) {
        assertThat((double) actual[i]).isCloseTo(weight[i], within(50 * 8 * 0x1p-24));
      }
    }
  }

  @Test
  void wrongOptionsAreNamed() {
    List<ThrowingCallable> wrong = new ArrayList<>();
    for (double bad : new double[] {-0.1, Double.NaN, Double.POSITIVE_INFINITY, 1e300}) {
      wrong.add(() -> SgdOptions.of(bad));
      wrong.add(() -> SgdOptions.of(1).withMomentum(bad));
      wrong.add(() -> SgdOptions.of(1).withWeightDecay(bad));
      wrong.add(() -> AdagradOptions.of(bad));
      wrong.add(() -> AdagradOptions.of(1).withLrDecay(bad));
      wrong.add(() -> AdagradOptions.of(1).withEps(bad));
      wrong.add(() -> AdagradOptions.of(1).withWeightDecay(bad));
      wrong.add(() -> AdagradOptions.of(1).withInitialAccumulatorValue(bad));
      wrong.add(() -> AdamOptions.of(bad));
      wrong.add(() -> AdamOptions.of(1).withEps(bad));
      wrong.add(() -> AdamOptions.of(1).withWeightDecay(bad));
      wrong.add(() -> AdamOptions.of(1).withBetas(bad, 0.9));
      wrong.add(() -> AdamOptions.of(1).withBetas(0.9, bad));
      wrong.add(() -> new RowwiseAdagrad(bad));
      wrong.add(() -> new RowwiseAdagrad(1, bad, List.of()));
    }
    wrong.add(() -> AdamOptions.of(1).withBetas(1, 0.9));
    wrong.add(() -> SgdOptions.of(1).withNesterov(true));
    wrong.add(() -> SgdOptions.of(1).withDampening(Double.NaN));
    wrong.add(() -> new SparseAdam(AdamOptions.of(1).withWeightDecay(0.1)));
    for (ThrowingCallable code : wrong) {
      assertThatIllegalArgumentException().isThrownBy(code).withMessageContaining(" = ");
    }
  }

  @EveryBackend
  void closedOptimizerRefusesSteps(TestBackend device) {
    try (InputEmbedding layer = layer(device.shared());
        HostTensor gradOutput = ones(1, 3)) {
      layer.forward(new int[] {1, 2, 3}, 1, 3);
      ALL.forEach((name, make) -> {
        Optimizer optimizer = make.apply(layer.parameters());
        optimizer.step(layer, gradOutput);
        optimizer.close();
        optimizer.close();
        assertThatIllegalStateException()
            .isThrownBy(() -> optimizer.step(layer, gradOutput))
            .withMessageContaining(name)
            .withMessageContaining("closed");
        assertThatIllegalStateException().isThrownBy(optimizer::step);
      });
    }
  }

  @Test
  void schedulesFollowTheirFormulas() {
    LearningRateSchedule steps = LearningRateSchedule.steps(0.8, 10, 0.5);
    assertThat(List.of(steps.at(0), steps.at(9), steps.at(10), steps.at(25)))
        .containsExactly(0.8, 0.8, 0.4, 0.2);
    assertThat(LearningRateSchedule.exponential(2, 0.5).at(3)).isEqualTo(0.25);
    assertThat(LearningRateSchedule.constant(3).at(99)).isEqualTo(3);
    LearningRateSchedule cosine = LearningRateSchedule.cosine(1, 0.2, 100);
    assertThat(cosine.at(0)).isEqualTo(1);
    assertThat(cosine.at(50)).isCloseTo(0.6, within(1e-15));
    assertThat(cosine.at(100)).isEqualTo(0.2);
    assertThat(cosine.at(1000)).isEqualTo(0.2);
    LearningRateSchedule warm = cosine.warmedUp(3);
    assertThat(List.of(warm.at(0), warm.at(1), warm.at(2), warm.at(3)))
        .containsExactly(0.25, 0.5, 0.75, 1.0);
    assertThat(warm.at(53)).isEqualTo(cosine.at(50));
    assertThatIllegalArgumentException().isThrownBy(() -> cosine.warmedUp(-1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LearningRateSchedule.steps(1, 0, 1))
        .withMessage("every = 0; give at least 1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LearningRateSchedule.cosine(1, 0, 0))
        .withMessage("steps = 0; give at least 1");
  }

  private static InputEmbedding layer(Backend backend) {
    return InputEmbedding.builder(backend)
        .numEmbeddings(ROWS)
        .embeddingDim(DIM)
        .maxLength(4)
        .seed(5)
        .build();
  }

  private static HostTensor ones(int batchSize, int seqLen) {
    float[] ones = new float[batchSize * seqLen * DIM];
    Arrays.fill(ones, 1);
    return HostTensor.of(Shape.of(batchSize, seqLen, DIM), ones);
  }

  private static float[] floats(Parameter parameter) {
    try (HostTensor host = parameter.toHost()) {
      return host.toFloatArray();
    }
  }
}
