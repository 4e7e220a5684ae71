package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.EmbeddingBag;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.PyTorchBags;
import dev.embedcl.nn.PyTorchBags.Trace;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Set;

/**
 * Training of bags in every mode as real PyTorch takes it, 20 steps with padding, duplicates and an
 * empty bag, on every backend; tolerances as in {@link PyTorchOptimizersTest}.
 */
@DefaultLaunchProfile
final class PyTorchBagTracesTest {
  private static final double TOLERANCE_PER_STEP = 4 * 0x1p-24;

  /** Those whose fused step is their dense step: a gradient of zero changes nothing. */
  private static final Set<String> FUSED_IS_DENSE = Set.of("sgd", "adagrad");

  @EveryBackend
  void everyTraceIsPyTorchs(TestBackend device) {
    List<Trace> traces = Trace.all();
    assertThat(traces).hasSizeGreaterThanOrEqualTo(10);
    for (Trace trace : traces) {
      check(device.shared(), trace, trace.sparse());
      if (FUSED_IS_DENSE.contains(trace.optimizer())) {
        check(device.shared(), trace, !trace.sparse());
      }
    }
  }

  private static void check(Backend backend, Trace trace, boolean fused) {
    int dim = Trace.DIM;
    try (HostTensor table =
            HostTensor.of(Shape.of(PyTorchBags.ROWS, dim), PyTorchBags.table(dim, trace.mode()));
        EmbeddingBag layer =
            EmbeddingBag.builder(backend)
                .weight(table)
                .mode(trace.mode())
                .paddingIdx(Trace.PADDING)
                .build();
        Optimizer optimizer = optimizer(trace.optimizer(), layer.parameters())) {
      for (int step = 0; step < Trace.STEPS; step++) {
        if (trace.weighted()) {
          float[] sampleWeights = PyTorchBags.numbers(PyTorchBags.COUNT, 200 + step);
          layer.forward(PyTorchBags.ids(step), PyTorchBags.offsets(), sampleWeights);
        } else {
          layer.forward(PyTorchBags.ids(step), PyTorchBags.offsets());
        }
        try (HostTensor gradOutput =
            HostTensor.of(
                Shape.of(PyTorchBags.BAGS, dim),
                PyTorchBags.numbers(PyTorchBags.BAGS * dim, 100 + step))) {
          if (fused) {
            optimizer.step(layer, gradOutput);
          } else {
            optimizer.zeroGrad();
            layer.backward(gradOutput);
            optimizer.step();
          }
        }
      }
      float[] actual = new float[PyTorchBags.ROWS * dim];
      layer.weight().read(MemorySegment.ofArray(actual));
      float[] expected = trace.weight();
      for (int i = 0; i < actual.length; i++) {
        double magnitude = Math.max(1, Math.abs(expected[i]));
        assertThat((double) actual[i])
            .as("row %d, column %d of %s, fused %s", i / dim, i % dim, trace, fused)
            .isCloseTo((double) expected[i], within(TOLERANCE_PER_STEP * Trace.STEPS * magnitude));
      }
    }
  }

  private static Optimizer optimizer(String name, List<Parameter> parameters) {
    return switch (name) {
      case "sgd" -> new Sgd(0.1, parameters);
      case "sgd_momentum" -> new Sgd(SgdOptions.of(0.02).withMomentum(0.9), parameters);
      case "adagrad" -> new Adagrad(AdagradOptions.of(0.1), parameters);
      case "adam" -> new Adam(AdamOptions.of(0.01), parameters);
      case "sparse_adam" -> new SparseAdam(AdamOptions.of(0.01), parameters);
      default -> throw new AssertionError("a trace of " + name + " is not known here");
    };
  }
}
