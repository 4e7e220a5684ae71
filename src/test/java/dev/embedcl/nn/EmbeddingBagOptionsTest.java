package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.StoredNumbers;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
import dev.embedcl.optim.Adam;
import dev.embedcl.optim.AdamOptions;
import dev.embedcl.optim.Optimizer;
import dev.embedcl.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Limits of norms, ids out of range and tables of 16 bits, of bags. */
@DefaultLaunchProfile
final class EmbeddingBagOptionsTest {
  private static final List<DType> STORAGES = List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16);

  /** Norms of 1, 5, 10 and 20; exact in every type. */
  private static final float[] TABLE = {0, 1, 3, 4, 6, 8, 12, 16};

  @EveryBackend
  void namedRowsAreShortenedOnceBeforeTheyAreSummed(TestBackend device) {
    for (DType type : STORAGES) {
      for (boolean onDevice : new boolean[] {false, true}) {
        try (TestMemory memory = new TestMemory(device.shared());
            EmbeddingBag layer =
                layer(
                    device.shared(),
                    type,
                    b ->
                        b.maxNorm(5)
                            .paddingIdx(3)
                            .includeLastOffset(true)
                            .outputDtype(DType.FLOAT32))) {
          // Padding's row is shortened too; row 1 is just short enough.
          int[] ids = {0, 2, 2, 3, 1, 1};
          IndexBatch batch =
              onDevice
                  ? IndexBatch.onDevice(memory.ids(ids), 1, 6)
                  : IndexBatch.of(ids, 1, ids.length);
          final float[] out = floats(layer.forward(BagBatch.of(batch, new int[] {0, 4, 6})));
          float half = 5 / (10 + 1e-7f);
          float quarter = 5 / (20 + 1e-7f);
          float x = stored(type, 6 * half);
          float y = stored(type, 8 * half);
          assertThat(floats(layer.weight()))
              .containsExactly(
                  0, 1, 3, 4, x, y, stored(type, 12 * quarter), stored(type, 16 * quarter));
          assertThat(out).containsExactly(0 + x + x, 1 + y + y, 6, 8);
          assertThat(layer.maxNorm()).hasValue(5);
          assertThat(layer.normType()).isEqualTo(2);
        }
      }
    }
  }

  /** As PyTorch does it: it shortens the rows of all ids before it looks at offsets. */
  @EveryBackend
  void rowsOfIdsInNoBagAreShortenedToo(TestBackend device) {
    try (EmbeddingBag layer =
        layer(
            device.shared(),
            DType.FLOAT32,
            b -> b.maxNorm(1).normType(Double.POSITIVE_INFINITY).includeLastOffset(true))) {
      layer.forward(new int[] {0, 1}, new int[] {0, 1});
      float factor = 1 / (4 + 1e-7f);
      assertThat(floats(layer.weight()))
          .containsExactly(0, 1, 3 * factor, 4 * factor, 6, 8, 12, 16);
    }
  }

  @EveryBackend
  void idsOutOfRangeStandForTheGivenRowAndItGetsTheirGradient(TestBackend device) {
    int[] ids = {0, -1, 4, 3, Integer.MAX_VALUE};
    for (DType type : STORAGES) {
      for (boolean limited : new boolean[] {false, true}) {
        try (TestMemory memory = new TestMemory(device.shared());
            EmbeddingBag layer =
                layer(
                    device.shared(),
                    type,
                    b -> (limited ? b.maxNorm(1000) : b).clampOutOfRangeTo(-2));
            HostTensor gradOutput = HostTensor.of(Shape.of(2, 2), 1f, 2, 4, 8)) {
          DeviceBuffer device32 = memory.ids(ids);
          for (IndexBatch batch :
              List.of(IndexBatch.of(ids, 1, 5), IndexBatch.onDevice(device32, 1, 5))) {
            layer.zeroGrad();
            assertThat(floats(layer.forward(BagBatch.of(batch, new int[] {0, 3}))))
                .containsExactly(12, 17, 18, 24);
            layer.backward(gradOutput);
            assertThat(floats(layer.weight().gradToHost()))
                .containsExactly(1, 2, 0, 0, 2 + 4, 4 + 8, 4, 8);
          }
          assertThat(memory.readBits(device32)).as("the caller's ids").isEqualTo(ids);
          assertThat(layer.clampOutOfRangeTo()).hasValue(2);
        }
      }
    }
  }

  @EveryBackend
  void badIdsOnTheDeviceAreFoundBeforeRowsAreShortened(TestBackend device) {
    try (TestMemory memory = new TestMemory(device.shared());
        EmbeddingBag layer = layer(device.shared(), DType.BFLOAT16, b -> b.maxNorm(1))) {
      BagBatch batch = BagBatch.of(IndexBatch.onDevice(memory.ids(new int[] {3, 4}), 1, 2));
      assertThatThrownBy(() -> layer.forward(batch))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[1] = 4 is out of range [0, 4)");
      assertThat(floats(layer.weight())).isEqualTo(TABLE);
      assertThatThrownBy(() -> layer.gradient(memory.matrix(2, new float[2]).buffer()))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @EveryBackend
  void outputsAreOfTheTablesTypeUnlessAskedFor(TestBackend device) {
    for (DType type : STORAGES) {
      try (EmbeddingBag narrow = layer(device.shared(), type, b -> b);
          EmbeddingBag wide = layer(device.shared(), type, b -> b.outputDtype(DType.FLOAT32))) {
        int[] ids = {1, 2, 3};
        float[] weights = {0.1f, 0.3f, 0.7f};
        float x = 3 * 0.1f + 6 * 0.3f + 12 * 0.7f;
        float y = 4 * 0.1f + 8 * 0.3f + 16 * 0.7f;
        try (HostTensor out = narrow.forward(ids, new int[] {0}, weights).toHost()) {
          assertThat(out.type()).isEqualTo(type);
          assertThat(floats(out)).containsExactly(stored(type, x), stored(type, y));
        }
        assertThat(floats(wide.forward(ids, new int[] {0}, weights))).containsExactly(x, y);
      }
    }
  }

  @EveryBackend
  void fusedAndDenseStepsMoveTablesOf16BitsAlike(TestBackend device) {
    Random random = new Random(20261122);
    int[] ids = {0, 1, 2, 3, 3, 1, 0, 0};
    int[] offsets = {0, 3, 5};
    for (DType type : STORAGES) {
      for (boolean adam : new boolean[] {false, true}) {
        try (EmbeddingBag fused = layer(device.shared(), type, b -> b);
            EmbeddingBag dense = layer(device.shared(), type, b -> b);
            Optimizer ofFused = optimizer(adam, fused);
            Optimizer ofDense = optimizer(adam, dense)) {
          Reference reference = new Reference(type, adam);
          for (int step = 1; step <= 5; step++) {
            float[] gradient = ReferenceModel.randomFloats(random, 6);
            try (HostTensor gradOutput = HostTensor.of(Shape.of(3, 2), gradient)) {
              fused.forward(ids, offsets);
              ofFused.step(fused, gradOutput);
              dense.forward(ids, offsets);
              dense.zeroGrad();
              dense.backward(gradOutput);
              ofDense.step();
            }
            reference.step(ids, offsets, gradient, step);
            float[] moved = floats(fused.weight());
            assertThat(floats(dense.weight())).as("%s, step %d", type, step).isEqualTo(moved);
            for (int i = 0; i < moved.length; i++) {
              // A float32 rounding can tip that of the storage: then it is a number further.
              double unit =
                  type == DType.BFLOAT16 ? 0x1p-7 : type == DType.FLOAT16 ? 0x1p-10 : 1e-5;
              assertThat((double) moved[i])
                  .as("%s, adam %s, step %d, element %d", type, adam, step, i)
                  .isCloseTo(reference.table[i], within(unit * Math.max(0.25, Math.abs(moved[i]))));
              reference.table[i] = moved[i];
            }
          }
          assertThat(floats(fused.weight())).isNotEqualTo(TABLE);
        }
      }
    }
  }

  /** Whatever the table's type is, gradients have the bits of a float32 table's. */
  @EveryBackend
  void gradientsAreThoseOfAFloat32Table(TestBackend device) {
    int[] ids = {3, 1, 3, 0};
    int[] offsets = {0, 2};
    float[] weights = {0.1f, -0.3f, 0.7f, 0.9f};
    for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
      for (BagMode mode : List.of(BagMode.SUM, BagMode.MEAN, BagMode.MAX)) {
        try (EmbeddingBag wide = layer(device.shared(), DType.FLOAT32, b -> b.mode(mode));
            EmbeddingBag narrow = layer(device.shared(), type, b -> b.mode(mode));
            DeviceBuffer gradOutput = device.shared().allocate(DType.FLOAT32, 4)) {
          gradOutput.write(MemorySegment.ofArray(new float[] {0.1f, 0.2f, -0.7f, 0.3f}));
          BagBatch batch = BagBatch.of(ids, offsets);
          BagBatch weighted = mode == BagMode.SUM ? batch.weighted(weights) : batch;
          wide.forward(weighted);
          narrow.forward(weighted);
          try (SparseGradient expected = wide.sparseGradient(gradOutput);
              SparseGradient actual = narrow.sparseGradient(gradOutput)) {
            assertThat(actual.rowsToHost()).containsExactly(0, 1, 3);
            assertThat(floats(actual.valuesToHost())).isEqualTo(floats(expected.valuesToHost()));
          }
          if (mode == BagMode.SUM) {
            assertThat(narrow.perSampleWeightsGradient(gradOutput))
                .containsExactly(wide.perSampleWeightsGradient(gradOutput));
          }
        }
      }
    }
  }

  @Test
  void wrongOptionsAreNamedAndCostNoMemory() {
    try (CpuBackend cpu = CpuBackend.open()) {
      assertThatThrownBy(() -> layer(cpu, DType.FLOAT32, b -> b.maxNorm(-1)))
          .hasMessageContaining("maxNorm = -1.0");
      assertThatThrownBy(() -> layer(cpu, DType.FLOAT32, b -> b.maxNorm(1).normType(0)))
          .hasMessageContaining("normType = 0.0");
      assertThatThrownBy(() -> layer(cpu, DType.FLOAT32, b -> b.clampOutOfRangeTo(4)))
          .hasMessage("clampOutOfRangeTo = 4 is out of range [-4, 4)");
      assertThatThrownBy(() -> layer(cpu, DType.FLOAT16, b -> b.outputDtype(DType.BFLOAT16)))
          .hasMessage("outputDtype = BFLOAT16; give FLOAT32 or the table's type, FLOAT16");
      assertThatThrownBy(() -> layer(cpu, DType.FLOAT16, b -> b.dtype(DType.FLOAT32)))
          .hasMessageContaining("dtype = FLOAT32 contradicts weight");
      assertThat(cpu.allocatedBytes()).isZero();
      try (EmbeddingBag drawn =
              EmbeddingBag.builder(cpu)
                  .numEmbeddings(9)
                  .embeddingDim(5)
                  .seed(1)
                  .dtype(DType.BFLOAT16)
                  .build();
          EmbeddingBag wide =
              EmbeddingBag.builder(cpu).numEmbeddings(9).embeddingDim(5).seed(1).build()) {
        float[] expected = floats(wide.weight());
        for (int i = 0; i < expected.length; i++) {
          expected[i] = stored(DType.BFLOAT16, expected[i]);
        }
        assertThat(floats(drawn.weight())).isEqualTo(expected);
      }
    }
  }

  /**
   * Sums of bags, and the steps of SGD or Adam, in float64; the table is rounded as it is stored.
   */
  private static final class Reference {
    final DType type;
    final boolean adam;
    final double[] table = new double[TABLE.length];
    final double[] first = new double[TABLE.length];
    final double[] second = new double[TABLE.length];

    Reference(DType type, boolean adam) {
      this.type = type;
      this.adam = adam;
      for (int i = 0; i < TABLE.length; i++) {
        table[i] = TABLE[i];
      }
    }

    void step(int[] ids, int[] offsets, float[] gradOutput, int step) {
      double[] gradient = new double[TABLE.length];
      for (int n = 0, bag = -1; n < ids.length; n++) {
        while (bag + 1 < offsets.length && offsets[bag + 1] <= n) {
          bag++;
        }
        gradient[2 * ids[n]] += gradOutput[2 * bag];
        gradient[2 * ids[n] + 1] += gradOutput[2 * bag + 1];
      }
      for (int i = 0; i < gradient.length; i++) {
        double direction = gradient[i];
        if (adam) {
          first[i] = 0.9 * first[i] + 0.1 * gradient[i];
          second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i];
          direction =
              first[i]
                  / (1 - Math.pow(0.9, step))
                  / (Math.sqrt(second[i] / (1 - Math.pow(0.999, step))) + 1e-8);
        }
        table[i] = stored(type, (float) (table[i] - 0.25 * direction));
      }
    }
  }

  private static Optimizer optimizer(boolean adam, EmbeddingBag layer) {
    return adam
        ? new Adam(AdamOptions.of(0.25), layer.parameters())
        : new Sgd(0.25, layer.parameters());
  }

  private static EmbeddingBag layer(
      Backend backend, DType type, UnaryOperator<EmbeddingBagBuilder> options) {
    try (HostTensor wide = HostTensor.of(Shape.of(4, 2), TABLE);
        HostTensor weight = wide.to(type)) {
      return options.apply(EmbeddingBag.builder(backend).weight(weight).mode(BagMode.SUM)).build();
    }
  }

  private static float stored(DType type, float value) {
    return StoredNumbers.widen(type, StoredNumbers.narrow(type, value));
  }

  private static float[] floats(Activation activation) {
    return floats(activation.toHost());
  }

  private static float[] floats(Parameter parameter) {
    return floats(parameter.toHost());
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor;
        HostTensor wide = tensor.to(DType.FLOAT32)) {
      return wide.toFloatArray();
    }
  }
}
