package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.TokenEmbedding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.Set;

/**
 * Traces of 50 steps as real PyTorch takes them, with duplicates and padding, on every backend; the
 * expected values and how they were made: {@code reference/README.md} among the test resources.
 *
 * <p>PyTorch fuses multiplications and additions, so that each step may differ by some roundings of
 * a weight: the tolerance is four units in the last place of 1 for each step taken.
 */
@DefaultLaunchProfile
final class PyTorchOptimizersTest {
  private static final int ROWS = 20;
  private static final int DIM = 8;
  private static final int PADDING = 3;
  private static final int STEPS = 50;
  private static final int COUNT = 24;
  private static final double TOLERANCE_PER_STEP = 4 * 0x1p-24;

  /** After which steps the weights are compared. */
  private static final List<Integer> SNAPSHOTS = List.of(0, 1, STEPS - 1);

  /** Those whose fused step is their dense step: a gradient of zero changes nothing. */
  private static final Set<String> FUSED_IS_DENSE = Set.of("sgd", "adagrad");

  private record Trace(String optimizer, boolean sparse, boolean scaled, int start) {}

  @EveryBackend
  void everyTraceIsPyTorchs(TestBackend device) {
    List<Trace> traces = traces();
    assertThat(traces).hasSizeGreaterThan(20);
    float[] expected = floats(resource("optimizers.bin"));
    for (Trace trace : traces) {
      check(device.shared(), trace, trace.sparse, expected);
      if (FUSED_IS_DENSE.contains(trace.optimizer)) {
        check(device.shared(), trace, true, expected);
      }
    }
  }

  private static void check(Backend backend, Trace trace, boolean fused, float[] expected) {
    try (HostTensor weight = HostTensor.of(Shape.of(ROWS, DIM), numbers(ROWS * DIM, 1));
        TokenEmbedding layer =
            TokenEmbedding.builder(backend)
                .weight(weight)
                .paddingIdx(PADDING)
                .scaleGradByFreq(trace.scaled)
                .build();
        Optimizer optimizer = optimizer(trace.optimizer, layer.parameters())) {
      int snapshot = trace.start;
      for (int step = 0; step < STEPS; step++) {
        layer.forward(ids(step), 1, COUNT);
        try (HostTensor gradOutput =
            HostTensor.of(Shape.of(1, COUNT, DIM), numbers(COUNT * DIM, 100 + step))) {
          if (fused) {
            optimizer.step(layer, gradOutput);
          } else {
            optimizer.zeroGrad();
            layer.backward(gradOutput);
            optimizer.step();
          }
        }
        if (SNAPSHOTS.contains(step)) {
          compare(layer.weight(), expected, snapshot, step, trace + ", fused " + fused);
          snapshot += ROWS * DIM;
        }
      }
      assertThat(optimizer.steps(layer.weight())).isEqualTo(STEPS);
    }
  }

  private static void compare(
      Parameter weight, float[] expected, int start, int step, String trace) {
    float[] actual = new float[ROWS * DIM];
    weight.read(MemorySegment.ofArray(actual));
    for (int i = 0; i < actual.length; i++) {
      double magnitude = Math.max(1, Math.abs(expected[start + i]));
      assertThat((double) actual[i])
          .as("row %d, column %d after step %d of %s", i / DIM, i % DIM, step + 1, trace)
          .isCloseTo(
              (double) expected[start + i], within(TOLERANCE_PER_STEP * (step + 1) * magnitude));
    }
  }

  private static Optimizer optimizer(String name, List<Parameter> parameters) {
    AdamOptions adam = AdamOptions.of(0.01);
    AdamOptions otherAdam = AdamOptions.of(0.02).withBetas(0.8, 0.95).withEps(1e-4);
    return switch (name) {
      case "sgd" -> new Sgd(0.1, parameters);
      case "sgd_weight_decay" -> new Sgd(SgdOptions.of(0.1).withWeightDecay(0.01), parameters);
      case "sgd_momentum" -> new Sgd(SgdOptions.of(0.02).withMomentum(0.9), parameters);
      case "sgd_dampening" ->
          new Sgd(SgdOptions.of(0.05).withMomentum(0.9).withDampening(0.3), parameters);
      case "sgd_nesterov" ->
          new Sgd(
              SgdOptions.of(0.02).withMomentum(0.9).withNesterov(true).withWeightDecay(0.01),
              parameters);
      case "adagrad" -> new Adagrad(AdagradOptions.of(0.1), parameters);
      case "adagrad_options" ->
          new Adagrad(
              AdagradOptions.of(0.1)
                  .withLrDecay(0.05)
                  .withInitialAccumulatorValue(0.2)
                  .withEps(1e-6),
              parameters);
      case "adagrad_weight_decay" ->
          new Adagrad(AdagradOptions.of(0.1).withWeightDecay(0.01), parameters);
      case "sparse_adam" -> new SparseAdam(adam, parameters);
      case "sparse_adam_options" -> new SparseAdam(otherAdam, parameters);
      case "adam" -> new Adam(adam, parameters);
      case "adam_options" -> new Adam(otherAdam.withWeightDecay(0.01), parameters);
      case "adam_w" -> new AdamW(adam.withWeightDecay(0.01), parameters);
      case "adam_w_options" -> new AdamW(otherAdam.withWeightDecay(0.1), parameters);
      default -> throw new AssertionError("a trace of " + name + " is not known here");
    };
  }

  private static int[] ids(int step) {
    int[] ids = new int[COUNT];
    for (int i = 0; i < COUNT; i++) {
      ids[i] = (i * i * (step + 1) + 5 * i + step) % (step % 2 == 1 ? 10 : ROWS);
    }
    return ids;
  }

  private static float[] numbers(int count, long seed) {
    float[] numbers = new float[count];
    long state = seed;
    for (int i = 0; i < count; i++) {
      state = (state * 1103515245 + 12345) % (1L << 31);
      numbers[i] = ((state >> 16) % 2048 - 1024) / 1024f;
    }
    return numbers;
  }

  private static List<Trace> traces() {
    return new String(resource("optimizers.txt"), StandardCharsets.UTF_8)
        .lines()
        .filter(line -> !line.startsWith("#"))
        .map(line -> line.split(" "))
        .map(words ->
            new Trace(
                words[0],
                words[1].equals("sparse"),
                words[2].equals("scaled"),
                Integer.parseInt(words[3])))
        .toList();
  }

  private static float[] floats(byte[] bytes) {
    float[] floats = new float[bytes.length / Float.BYTES];
    MemorySegment.ofArray(floats).copyFrom(MemorySegment.ofArray(bytes));
    return floats;
  }

  private static byte[] resource(String name) {
    try (InputStream in = PyTorchOptimizersTest.class.getResourceAsStream("/reference/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
