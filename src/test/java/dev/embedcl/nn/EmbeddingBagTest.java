package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestMemory;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
import dev.embedcl.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@link EmbeddingBag} refuses, remembers and frees; its numbers: {@link PyTorchBagsTest}. */
@DefaultLaunchProfile
final class EmbeddingBagTest {
  private static final float[] TABLE = {1, 2, 10, 20, 100, 200, 1000, 2000};

  @EveryBackend
  void eachModeGivesWhatItSays(TestBackend device) {
    int[] ids = {0, 1, 2, 3, 3};
    int[] offsets = {0, 2, 2};
    try (EmbeddingBag sum = layer(device.shared(), BagMode.SUM);
        EmbeddingBag mean = layer(device.shared(), BagMode.MEAN);
        EmbeddingBag max = layer(device.shared(), BagMode.MAX)) {
      assertThat(read(sum.forward(ids, offsets))).containsExactly(11, 22, 0, 0, 2100, 4200);
      assertThat(read(mean.forward(ids, offsets))).containsExactly(5.5f, 11, 0, 0, 700, 1400);
      assertThat(read(max.forward(ids, offsets))).containsExactly(10, 20, 0, 0, 1000, 2000);
      assertThat(read(sum.forward(ids, offsets, new float[] {1, 0.5f, 2, 1, 0})))
          .containsExactly(6, 12, 0, 0, 1200, 2400);
      Activation pairs = sum.forward(new int[] {0, 1, 3, 2}, 2, 2);
      assertThat(pairs.shape()).isEqualTo(Shape.of(2, 2));
      assertThat(pairs.seqLen()).isEqualTo(1);
      assertThat(read(pairs)).containsExactly(11, 22, 1100, 2200);
    }
  }

  @EveryBackend
  void idsBehindTheLastOffsetAreInNoBag(TestBackend device) {
    try (EmbeddingBag layer =
            EmbeddingBag.builder(device.shared())
                .weight(table())
                .mode(BagMode.SUM)
                .scaleGradByFreq(true)
                .includeLastOffset(true)
                .build();
        HostTensor ones = HostTensor.of(Shape.of(2, 2), new float[] {1, 1, 1, 1})) {
      float[] weights = {2, 2, 2, 2, 2};
      int[] ids = {0, 1, 1, 1, 3};
      assertThat(read(layer.forward(ids, new int[] {0, 1, 3}, weights)))
          .containsExactly(2, 4, 40, 80);
      layer.backward(ones);
      try (HostTensor grad = layer.weight().gradToHost()) {
        // Row 1 occurs twice in bags: each contribution counts a half.
        assertThat(floats(grad.segment())).containsExactly(2, 2, 2, 2, 0, 0, 0, 0);
      }
      try (DeviceBuffer gradient = device.shared().allocate(DType.FLOAT32, 4)) {
        gradient.write(ones.segment());
        assertThat(layer.perSampleWeightsGradient(gradient)).containsExactly(3, 30, 30, 0, 0);
      }
    }
  }

  @EveryBackend
  void idsAndWeightsOnTheDeviceServeToo(TestBackend device) {
    try (EmbeddingBag layer = layer(device.shared(), BagMode.SUM);
        TestMemory memory = new TestMemory(device.shared());
        HostTensor ones = HostTensor.of(Shape.of(2, 2), new float[] {1, 1, 1, 1})) {
      BagBatch batch =
          BagBatch.of(IndexBatch.onDevice(memory.ids(new int[] {3, 0, 0}), 1, 3), new int[] {0, 1})
              .weighted(memory.matrix(1, new float[] {1, 2, 3}).buffer());
      assertThat(read(layer.forward(batch))).containsExactly(1000, 2000, 5, 10);
      layer.backward(ones);
      try (HostTensor grad = layer.weight().gradToHost()) {
        assertThat(floats(grad.segment())).containsExactly(5, 5, 0, 0, 0, 0, 1, 1);
      }
    }
  }

  @EveryBackend
  void badIdsOnTheDeviceAreReportedLater(TestBackend device) {
    try (EmbeddingBag layer = layer(device.shared(), BagMode.MAX);
        TestMemory memory = new TestMemory(device.shared())) {
      DeviceBuffer ids = memory.ids(new int[] {3, 4});
      Activation out = layer.forward(BagBatch.of(IndexBatch.onDevice(ids, 1, 2)));
      assertThatThrownBy(() -> read(out))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[1] = 4 is out of range [0, 4)");
      assertThatThrownBy(() -> layer.gradient(memory.matrix(2, new float[2]).buffer()))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[1] = 4 is out of range [0, 4)");
    }
  }

  @EveryBackend
  void rowsThatWonNothingStayAsTheyAre(TestBackend device) {
    try (EmbeddingBag layer = layer(device.shared(), BagMode.MAX);
        HostTensor ones = HostTensor.of(Shape.of(1, 2), new float[] {1, 1})) {
      layer.forward(new int[] {0, 3, 3, 1}, new int[] {0});
      new Sgd(1).step(layer, ones);
      float[] after = new float[8];
      layer.weight().read(MemorySegment.ofArray(after));
      assertThat(after).containsExactly(1, 2, 10, 20, 100, 200, 999, 1999);
    }
  }

  @Test
  void wrongOffsetsAreNamedBeforeAnythingIsChanged() {
    try (Backend backend = CpuBackend.open();
        EmbeddingBag layer = layer(backend, BagMode.SUM);
        EmbeddingBag withLast =
            EmbeddingBag.builder(backend).weight(table()).includeLastOffset(true).build()) {
      int[] ids = {0, 1, 2};
      Activation before = layer.forward(ids, new int[] {0});
      assertThatThrownBy(() -> layer.forward(ids, new int[] {1, 2}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("offsets[0] = 1; the first bag begins at 0");
      assertThatThrownBy(() -> layer.forward(ids, new int[] {0, 2, 1}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("offsets[2] = 1 is less than offsets[1] = 2; offsets must not decrease");
      assertThatThrownBy(() -> layer.forward(ids, new int[] {0, 4}))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("offsets[1] = 4 exceeds the number of ids, 3");
      assertThatThrownBy(() -> layer.forward(ids, new int[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "there are no offsets, but 3 ids; give an offset for each bag, the first of them 0");
      assertThatThrownBy(() -> withLast.forward(new int[0], new int[0]))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("there are no offsets");
      assertThatThrownBy(() -> withLast.forward(ids, new int[] {0, 4}))
          .hasMessage("offsets[1] = 4 exceeds the number of ids, 3");
      assertThatThrownBy(() -> BagBatch.of(new long[3], new long[] {0, 1L << 32}))
          .hasMessage("offsets[1] = 4294967296 is out of range [0, 3]: there are as many ids");
      assertThatThrownBy(() -> layer.forward(new int[] {0, 9}, new int[] {0}))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[1] = 9 is out of range [0, 4)");
      assertThat(read(before)).as("the output before").containsExactly(111, 222);
      assertThat(read(layer.forward(new int[0], new int[0]))).isEmpty();
      assertThat(read(layer.forward(new int[0], new int[] {0}))).containsExactly(0, 0);
    }
  }

  @Test
  void weightsAreForSumsAndAsManyAsIds() {
    try (Backend backend = CpuBackend.open();
        EmbeddingBag mean = layer(backend, BagMode.MEAN);
        EmbeddingBag sum = layer(backend, BagMode.SUM);
        DeviceBuffer gradient = backend.allocate(DType.FLOAT32, 2)) {
      assertThatThrownBy(() -> mean.forward(new int[] {1}, new int[] {0}, new float[] {1}))
          .hasMessage("perSampleWeights are for mode SUM; this layer's mode is MEAN");
      assertThatThrownBy(() -> sum.forward(new int[] {1}, new int[] {0}, new float[] {1, 2}))
          .hasMessage("perSampleWeights hold 2 numbers; there are 1 ids");
      assertThatThrownBy(() -> sum.perSampleWeightsGradient(gradient))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call forward first");
      sum.forward(new int[] {1}, new int[] {0});
      assertThatThrownBy(() -> sum.perSampleWeightsGradient(gradient))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("the latest forward had no perSampleWeights, so they have no gradient");
    }
  }

  @Test
  void gradientsHaveTheOutputsShape() {
    try (Backend backend = CpuBackend.open();
        EmbeddingBag layer = layer(backend, BagMode.SUM);
        HostTensor wide = HostTensor.of(Shape.of(2, 2), new float[4]);
        DeviceBuffer small = backend.allocate(DType.FLOAT32, 3)) {
      assertThatThrownBy(() -> layer.backward(wide))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("call forward first");
      layer.forward(new int[] {1, 2, 3}, 3, 1);
      assertThatThrownBy(() -> layer.backward(wide))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[3, 2]");
      assertThatThrownBy(() -> layer.backward(small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "gradOutput has 3 elements of FLOAT32; the last output, of shape [3, 2], has 6 of"
                  + " FLOAT32");
    }
  }

  @Test
  void seededTablesAreThoseOfTokenEmbeddings() {
    try (Backend backend = CpuBackend.open();
        EmbeddingBag bag =
            EmbeddingBag.builder(backend)
                .numEmbeddings(9)
                .embeddingDim(5)
                .generator(new TorchGenerator(123))
                .paddingIdx(-2)
                .frozen(true)
                .build();
        TokenEmbedding tokens =
            TokenEmbedding.builder(backend)
                .numEmbeddings(9)
                .embeddingDim(5)
                .seed(123)
                .paddingIdx(7)
                .build();
        HostTensor bagWeight = bag.weight().toHost();
        HostTensor tokenWeight = tokens.weight().toHost()) {
      assertThat(bagWeight.segment().mismatch(tokenWeight.segment())).isEqualTo(-1);
      assertThat(bag.mode()).isEqualTo(BagMode.MEAN);
      assertThat(bag.paddingIdx()).hasValue(7);
      assertThat(bag.weight().requiresGrad()).isFalse();
      bag.forward(new int[] {1}, new int[] {0});
      try (HostTensor ones = HostTensor.of(Shape.of(1, 5), new float[5])) {
        bag.backward(ones);
      }
      assertThat(bag.weight().grad()).isEqualTo(Optional.empty());
    }
  }

  @EveryBackend
  void closingFreesEverythingAndEndsUse(TestBackend device) {
    try (Backend backend = device.open()) {
      EmbeddingBag layer = layer(backend, BagMode.MAX);
      layer.forward(new int[] {1}, new int[] {0});
      layer.close();
      layer.close();
      assertThatThrownBy(() -> layer.forward(new int[] {1}, new int[] {0}))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("EmbeddingBag(4, 2, MAX) was closed");
      if (backend instanceof CpuBackend cpu) {
        assertThat(cpu.allocatedBytes()).isZero();
      }
    }
  }

  private static EmbeddingBag layer(Backend backend, BagMode mode) {
    try (HostTensor table = table()) {
      return EmbeddingBag.builder(backend).weight(table).mode(mode).build();
    }
  }

  private static HostTensor table() {
    return HostTensor.of(Shape.of(4, 2), TABLE);
  }

  private static float[] read(Activation activation) {
    float[] values = new float[(int) activation.shape().elements()];
    activation.read(MemorySegment.ofArray(values));
    return values;
  }

  private static float[] floats(MemorySegment segment) {
    float[] values = new float[(int) (segment.byteSize() / Float.BYTES)];
    MemorySegment.ofArray(values).copyFrom(segment);
    return values;
  }
}
