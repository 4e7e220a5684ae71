package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** {@link QuantizedEmbedding} as a user meets it. */
@DefaultLaunchProfile
final class QuantizedEmbeddingTest {
  private static final long SEED = Long.getLong("embedcl.test.seed", System.nanoTime());

  /** Rows of multiples of their range / 255, which 8 bits keep exactly: 0, 255, … of 1, 2 and 4. */
  private static final float[] EXACT = {0, 255, 7, 510, 0, 20, -1020, 0, -4, 3, 3, 3};

  @EveryBackend
  void rowsAndBagsAreThoseOfTheTable(TestBackend device) {
    try (HostTensor weight = HostTensor.of(Shape.of(4, 3), EXACT);
        PositionalEmbedding positions =
            PositionalEmbedding.learned(
                device.shared(),
                MemorySegment.ofArray(new float[] {10, 20, 30, 40, 50, 60}),
                2,
                3);
        QuantizedEmbedding layer =
            QuantizedEmbedding.builder(device.shared())
                .weight(weight)
                .positions(positions)
                .paddingIdx(-1)
                .build()) {
      assertThat(read(layer.forward(new int[] {2, 0}, 1, 2)))
          .containsExactly(-1010, 20, 26, 40, 305, 67);
      assertThat(read(layer.forward(IndexBatch.of(new byte[] {1}, 1, 1).startingAt(1))))
          .containsExactly(550, 50, 80);
      BagBatch bags = BagBatch.of(new long[] {0, 3, 1, 3, 2}, new long[] {0, 3, 4});
      assertThat(read(layer.forward(bags, BagMode.SUM)))
          .containsExactly(510, 255, 27, 0, 0, 0, -1020, 0, -4);
      assertThat(read(layer.forward(bags, BagMode.MEAN)))
          .containsExactly(255, 127.5f, 13.5f, 0, 0, 0, -1020, 0, -4);
      assertThat(read(layer.forward(bags, BagMode.MAX)))
          .containsExactly(510, 255, 20, 0, 0, 0, -1020, 0, -4);
      assertThat(read(layer.forward(bags.weighted(new float[] {2, 9, 1, 9, 0}), BagMode.SUM)))
          .containsExactly(510, 510, 34, 0, 0, 0, -0f, 0, -0f);
      assertThat(layer.paddingIdx()).hasValue(3);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layer.forward(bags.weighted(new float[5]), BagMode.MAX))
          .withMessage("perSampleWeights are for mode SUM; the mode is MAX");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layer.forward(new int[3], 1, 3))
          .withMessageContaining("the positional table has 2");
    }
  }

  @EveryBackend
  void badIdsAreNamedOrBecomeARow(TestBackend device) {
    try (HostTensor weight = HostTensor.of(Shape.of(4, 3), EXACT);
        TokenEmbedding strict = TokenEmbedding.of(device.shared(), weight);
        TokenEmbedding lenient =
            TokenEmbedding.builder(device.shared()).weight(weight).clampOutOfRangeTo(1).build();
        QuantizedEmbedding layer = QuantizedEmbedding.of(strict);
        QuantizedEmbedding clamped = QuantizedEmbedding.of(lenient);
        DeviceBuffer ids = device.shared().allocate(DType.INT32, 2)) {
      Activation before = layer.forward(new int[] {1}, 1, 1);
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> layer.forward(new int[] {3, 4}, 1, 2))
          .withMessage("indices[1] = 4 is out of range [0, 4)");
      assertThat(read(before)).containsExactly(510, 0, 20);
      assertThat(clamped.clampOutOfRangeTo()).hasValue(1);
      int[] bad = {-1, 0};
      assertThat(read(clamped.forward(bad, 1, 2))).containsExactly(510, 0, 20, 0, 255, 7);
      ids.write(MemorySegment.ofArray(bad));
      assertThat(read(clamped.forward(IndexBatch.onDevice(ids, 1, 2))))
          .containsExactly(510, 0, 20, 0, 255, 7);
      assertThat(read(clamped.forward(BagBatch.of(IndexBatch.onDevice(ids, 1, 2)), BagMode.SUM)))
          .containsExactly(510, 255, 27);
      Activation skipped = layer.forward(IndexBatch.onDevice(ids, 1, 2));
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> read(skipped))
          .withMessage("indices[0] = -1 is out of range [0, 4)");
    }
  }

  @EveryBackend
  void outputsGoIntoMemoryOfTheCaller(TestBackend device) {
    try (HostTensor weight = HostTensor.of(Shape.of(4, 3), EXACT);
        QuantizedEmbedding layer = QuantizedEmbedding.of(device.shared(), weight);
        DeviceBuffer out = device.shared().allocate(DType.FLOAT32, 7);
        DeviceBuffer ints = device.shared().allocate(DType.INT32, 7)) {
      Activation own = layer.forward(new int[] {1}, 1, 1);
      Activation rows = layer.forwardInto(IndexBatch.of(new int[] {0, 1}, 2, 1), out);
      assertThat(read(rows)).containsExactly(0, 255, 7, 510, 0, 20);
      assertThat(read(own)).containsExactly(510, 0, 20);
      layer.forwardInto(BagBatch.of(new int[] {0, 1}, new int[] {0}), BagMode.SUM, out);
      assertThat(read(rows)).containsExactly(510, 255, 27, 510, 0, 20);
      layer.forward(new int[] {0}, 1, 1);
      assertThatIllegalStateException()
          .isThrownBy(own::buffer)
          .withMessageContaining("overwritten");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layer.forwardInto(IndexBatch.of(new int[3], 3, 1), out))
          .withMessageContaining("the buffer has 7");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layer.forwardInto(IndexBatch.of(new int[1], 1, 1), ints))
          .withMessageContaining("INT32");
    }
  }

  @Test
  void errorIsAtMostHalfAStep() {
    SplittableRandom random = new SplittableRandom(SEED);
    try (Backend backend = CpuBackend.open()) {
      for (int i = 0; i < 200; i++) {
        int dim = 1 + random.nextInt(300);
        float magnitude = Math.scalb(1f, random.nextInt(60) - 30);
        float[] values = new float[3 * dim];
        for (int j = 0; j < values.length; j++) {
          values[j] = (float) (random.nextDouble() - 0.3) * magnitude;
        }
        try (HostTensor weight = HostTensor.of(Shape.of(3, dim), values);
            QuantizedEmbedding layer = QuantizedEmbedding.of(backend, weight);
            HostTensor numbers = layer.dequantized()) {
          float[] near = numbers.toFloatArray();
          for (int j = 0; j < values.length; j++) {
            float[] row = Arrays.copyOfRange(values, j / dim * dim, (j / dim + 1) * dim);
            Arrays.sort(row);
            double step = ((double) row[dim - 1] - row[0]) / 255;
            double largest = Math.max(Math.abs(row[0]), Math.abs(row[dim - 1]));
            assertThat(Math.abs(near[j] - (double) values[j]))
                .as("element %d of rows of %d, -Dembedcl.test.seed=%d", j, dim, SEED)
                .isLessThanOrEqualTo(step / 2 + 1e-8 + 4 * 0x1p-23 * largest);
          }
        }
      }
    }
  }

  @Test
  void quantisedRowsGoOutAndInAgain() {
    try (Backend backend = CpuBackend.open();
        TokenEmbedding tokens = TokenEmbedding.seeded(backend, 70_000, 37, 1);
        QuantizedEmbedding layer = QuantizedEmbedding.of(tokens);
        HostTensor packed = layer.packed();
        QuantizedEmbedding again = QuantizedEmbedding.builder(backend).packed(packed).build();
        HostTensor packedAgain = again.packed();
        HostTensor numbers = layer.dequantized()) {
      assertThat(packed.shape()).isEqualTo(Shape.of(70_000, 45));
      assertThat(packedAgain.segment().mismatch(packed.segment())).isEqualTo(-1);
      int[] ids = {69_999, 0, 12_345};
      float[] rows = new float[3 * 37];
      for (int i = 0; i < 3; i++) {
        MemorySegment.copy(
            numbers.segment(), QuantizedRow.FLOAT, 4L * 37 * ids[i], rows, 37 * i, 37);
      }
      assertThat(read(again.forward(ids, 1, 3))).isEqualTo(rows);
      assertThat(again.numEmbeddings()).isEqualTo(70_000);
      assertThat(again.embeddingDim()).isEqualTo(37);
    }
  }

  @Test
  void tablesOf16BitsAreQuantisedAsTheFloatsTheyHold() {
    try (Backend backend = CpuBackend.open()) {
      for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
        try (EmbeddingBag half =
                EmbeddingBag.builder(backend)
                    .numEmbeddings(9)
                    .embeddingDim(5)
                    .seed(1)
                    .dtype(type)
                    .build();
            HostTensor stored = half.weight().toHost();
            HostTensor wide = stored.to(DType.FLOAT32);
            QuantizedEmbedding ofHalf = QuantizedEmbedding.of(half);
            QuantizedEmbedding ofWide = QuantizedEmbedding.of(backend, wide);
            HostTensor actual = ofHalf.packed();
            HostTensor expected = ofWide.packed()) {
          assertThat(actual.segment().mismatch(expected.segment())).isEqualTo(-1);
        }
      }
    }
  }

  @Test
  void whatIsNotFiniteIsRefusedByRowAndColumn() {
    try (Backend backend = CpuBackend.open()) {
      float[] values = EXACT.clone();
      values[7] = Float.NaN;
      refused(backend, values, "row 2, column 1 is NaN");
      values[3] = Float.NEGATIVE_INFINITY;
      refused(backend, values, "row 1, column 0 is -Infinity");
      values[3] = Float.MAX_VALUE;
      values[4] = -Float.MAX_VALUE;
      refused(backend, values, "row 1 reaches from -3.4028235E38 to 3.4028235E38");
      try (HostTensor bytes = HostTensor.allocate(DType.UINT8, Shape.of(2, 3));
          HostTensor scales = HostTensor.of(Shape.of(2), 1f, Float.NaN);
          HostTensor offsets = HostTensor.of(Shape.of(2), 0f, 0f)) {
        assertThatIllegalArgumentException()
            .isThrownBy(
                () -> QuantizedEmbedding.builder(backend).quantized(bytes, scales, offsets).build())
            .withMessage(
                "row 1 has the scale NaN and the offset 0.0; quantised rows have finite ones");
        assertThatIllegalArgumentException()
            .isThrownBy(
                () -> QuantizedEmbedding.builder(backend).quantized(bytes, scales, bytes).build())
            .withMessageContaining("offsets are HostTensor(UINT8, [2, 3]); give FLOAT32");
        assertThatIllegalArgumentException()
            .isThrownBy(() -> QuantizedEmbedding.builder(backend).packed(bytes).build())
            .withMessageContaining("holds no quantised rows");
        assertThatIllegalArgumentException()
            .isThrownBy(() -> QuantizedEmbedding.of(backend, bytes))
            .withMessageContaining("cannot be quantised");
      }
      assertThatIllegalStateException()
          .isThrownBy(() -> QuantizedEmbedding.builder(backend).build())
          .withMessageContaining("there are no rows");
      assertThat(((CpuBackend) backend).allocatedBytes()).isZero();
    }
  }

  @Test
  void wrongOptionsAreRefused() {
    try (Backend backend = CpuBackend.open();
        Backend other = CpuBackend.open();
        HostTensor weight = HostTensor.of(Shape.of(4, 3), EXACT);
        PositionalEmbedding elsewhere =
            PositionalEmbedding.learned(other, MemorySegment.ofArray(new float[3]), 1, 3);
        PositionalEmbedding longer =
            PositionalEmbedding.learned(backend, MemorySegment.ofArray(new float[4]), 1, 4)) {
      QuantizedEmbeddingBuilder builder = QuantizedEmbedding.builder(backend).weight(weight);
      assertThatIllegalArgumentException()
          .isThrownBy(builder.positions(elsewhere)::build)
          .withMessageContaining("another backend");
      assertThatIllegalArgumentException()
          .isThrownBy(builder.positions(longer)::build)
          .withMessageContaining("embeddingDim differs: 3 for tokens, 4 for positions");
      builder = QuantizedEmbedding.builder(backend).weight(weight);
      assertThatIllegalArgumentException()
          .isThrownBy(builder.outputDtype(DType.INT8)::build)
          .withMessageContaining("outputDtype = INT8");
      builder = QuantizedEmbedding.builder(backend).weight(weight);
      assertThatIllegalArgumentException()
          .isThrownBy(builder.clampOutOfRangeTo(4)::build)
          .withMessage("clampOutOfRangeTo = 4 is out of range [-4, 4)");
    }
  }

  @Test
  void closedLayerSaysSo() {
    try (CpuBackend backend = CpuBackend.open();
        HostTensor weight = HostTensor.of(Shape.of(4, 3), EXACT)) {
      QuantizedEmbedding layer = QuantizedEmbedding.of(backend, weight);
      layer.forward(new int[] {1}, 1, 1);
      layer.forward(BagBatch.of(new int[] {1}, new int[] {0}), BagMode.MAX);
      layer.close();
      layer.close();
      assertThat(backend.allocatedBytes()).isZero();
      assertThatIllegalStateException()
          .isThrownBy(() -> layer.forward(new int[] {1}, 1, 1))
          .withMessage("QuantizedEmbedding(4, 3) was closed");
      assertThatIllegalStateException().isThrownBy(layer::matrix);
    }
  }

  private static void refused(Backend backend, float[] values, String message) {
    try (HostTensor weight = HostTensor.of(Shape.of(4, 3), values)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> QuantizedEmbedding.of(backend, weight))
          .withMessageStartingWith(message);
    }
  }

  private static float[] read(Activation activation) {
    float[] values = new float[(int) activation.shape().elements()];
    activation.read(MemorySegment.ofArray(values));
    return values;
  }
}
