package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.PyTorchBags.Case;
import dev.embedcl.op.BagMode;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@link EmbeddingBag} in every mode with its options beside real PyTorch and beside float64, on
 * every backend.
 *
 * <p>Inputs are multiples of 2^-10, so that sums without weights are exact in any order, and their
 * results PyTorch's to the bit (but for the sign of a zero). With weights and for means, 8 unit
 * roundoffs of the summed magnitudes are allowed from float64, and as much again from PyTorch.
 */
@DefaultLaunchProfile
final class PyTorchBagsTest {
  private static final double U = 0x1p-24;

  @EveryBackend
  void everyModeWithItsOptionsIsPyTorchs(TestBackend device) {
    List<Case> cases = Case.all();
    assertThat(cases).hasSizeGreaterThanOrEqualTo(180);
    for (Case c : cases) {
      check(device.shared(), c);
    }
  }

  private static void check(Backend backend, Case c) {
    int dim = c.dim();
    float[] weights = PyTorchBags.table(dim, c.mode());
    int[] ids = PyTorchBags.ids(dim);
    float @Nullable [] sampleWeights =
        c.weighted() ? PyTorchBags.numbers(PyTorchBags.COUNT, 3) : null;
    float[] gradOutput = PyTorchBags.numbers(PyTorchBags.BAGS * dim, 2);
    BagDoubles exact =
        new BagDoubles(
            c.mode(),
            weights,
            dim,
            ids,
            c.starts(),
            sampleWeights,
            c.padding(),
            c.byFrequency(),
            gradOutput);
    boolean anyOrder = c.mode() != BagMode.MEAN && !c.weighted() && !c.byFrequency();
    try (HostTensor table = HostTensor.of(Shape.of(PyTorchBags.ROWS, dim), weights);
        EmbeddingBag layer = layer(backend, table, c);
        TestMemory memory = new TestMemory(backend)) {
      float[] actual = new float[PyTorchBags.BAGS * dim];
      layer.forward(batch(c, ids, sampleWeights)).read(MemorySegment.ofArray(actual));
      compare(actual, c.output(), exact.output, exact.outputMagnitude, anyOrder, "output, " + c);

      DeviceBuffer gradient = memory.matrix(dim, gradOutput).buffer();
      if (c.weighted()) {
        compare(
            layer.perSampleWeightsGradient(gradient),
            c.gradSampleWeights(),
            exact.gradSampleWeights,
            exact.gradSampleWeightsMagnitude,
            false,
            "gradient of the weights, " + c);
      }
      layer.backward(gradient);
      float[] gradWeight = new float[PyTorchBags.ROWS * dim];
      try (HostTensor dense = layer.weight().gradToHost()) {
        MemorySegment.ofArray(gradWeight).copyFrom(dense.segment());
      }
      compare(
          gradWeight,
          c.gradWeight(),
          exact.gradWeight,
          exact.gradWeightMagnitude,
          anyOrder,
          "gradient, " + c);
      try (SparseGradient sparse = layer.sparseGradient(gradient);
          HostTensor values = sparse.valuesToHost()) {
        float[] scattered = new float[PyTorchBags.ROWS * dim];
        int[] rows = sparse.rowsToHost();
        for (int i = 0; i < rows.length; i++) {
          MemorySegment.ofArray(scattered)
              .asSlice(4L * rows[i] * dim, 4L * dim)
              .copyFrom(values.segment().asSlice(4L * i * dim, 4L * dim));
        }
        // Adding to zeros changes no more than the sign of a zero.
        assertThat(plusZero(scattered))
            .as("sparse gradient, %s", c)
            .isEqualTo(plusZero(gradWeight));
      }
    }
  }

  private static float[] plusZero(float[] values) {
    float[] result = values.clone();
    for (int i = 0; i < result.length; i++) {
      result[i] += 0f;
    }
    return result;
  }

  private static EmbeddingBag layer(Backend backend, HostTensor table, Case c) {
    EmbeddingBagBuilder builder =
        EmbeddingBag.builder(backend)
            .weight(table)
            .mode(c.mode())
            .scaleGradByFreq(c.byFrequency())
            .includeLastOffset(c.layout().equals("last"));
    if (c.padding() != PyTorchBags.NO_PADDING) {
      builder.paddingIdx(c.padding() == 6 ? -1 : c.padding());
    }
    return builder.build();
  }

  private static BagBatch batch(Case c, int[] ids, float @Nullable [] sampleWeights) {
    BagBatch batch =
        switch (c.layout()) {
          case "matrix" -> BagBatch.of(IndexBatch.of(ids, PyTorchBags.BAGS, 4));
          case "last" -> BagBatch.of(ids, c.starts());
          default -> BagBatch.of(ids, PyTorchBags.offsets());
        };
    return sampleWeights == null ? batch : batch.weighted(sampleWeights);
  }

  private static void compare(
      float[] actual,
      float[] pytorch,
      double[] exact,
      double[] magnitude,
      boolean anyOrder,
      String what) {
    assertThat(actual.length).isEqualTo(pytorch.length);
    for (int i = 0; i < actual.length; i++) {
      double tolerance = 8 * U * magnitude[i];
      boolean near = Math.abs(actual[i] - exact[i]) <= tolerance;
      boolean same =
          anyOrder
              ? actual[i] == pytorch[i]
              : Math.abs(actual[i] - (double) pytorch[i]) <= 2 * tolerance;
      if (!near || !same) {
        assertThat(actual[i])
            .as("element %d of %s; float64 gives %s ± %s", i, what, exact[i], tolerance)
            .isEqualTo(pytorch[i]);
        assertThat((double) actual[i]).isEqualTo(exact[i]);
      }
    }
  }
}
