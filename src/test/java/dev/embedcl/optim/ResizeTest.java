package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.SparseGradient;
import dev.embedcl.nn.TokenEmbedding;
import dev.embedcl.op.Matrix;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;

/** Tables that grow and shrink, that are shared with an output layer, and gradients id by id. */
@DefaultLaunchProfile
final class ResizeTest {

  @EveryBackend
  void newRowsAreTheMeanOfTheOldOrDrawn(TestBackend device) {
    Backend backend = device.shared();
    float[] values = {1, 10, 2, 20, 6, 60.5f};
    try (HostTensor weight = HostTensor.of(Shape.of(3, 2), values);
        TokenEmbedding layer =
            TokenEmbedding.builder(backend).weight(weight).paddingIdx(1).frozen(true).build();
        TokenEmbedding grown = layer.resized(5);
        TokenEmbedding same = layer.resized(3);
        TokenEmbedding shrunk = layer.resized(2);
        TokenEmbedding drawn = layer.resized(40, new TorchGenerator(3));
        TokenEmbedding fresh = TokenEmbedding.seeded(backend, 37, 2, 3)) {
      float mean = (float) (90.5 / 3);
      assertThat(floats(grown.weight().toHost()))
          .containsExactly(1, 10, 2, 20, 6, 60.5f, 3, mean, 3, mean);
      assertThat(floats(same.weight().toHost())).isEqualTo(values);
      assertThat(floats(shrunk.weight().toHost())).containsExactly(1, 10, 2, 20);
      float[] all = floats(drawn.weight().toHost());
      assertThat(Arrays.copyOf(all, 6)).isEqualTo(values);
      assertThat(Arrays.copyOfRange(all, 6, 80)).isEqualTo(floats(fresh.weight().toHost()));
      assertThat(grown.paddingIdx()).hasValue(1);
      assertThat(grown.weight().requiresGrad()).isFalse();
      assertThat(floats(layer.weight().toHost())).isEqualTo(values);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> layer.resized(1))
          .withMessage("paddingIdx = 1 would be cut off by 1 rows; keep at least 2");
      assertThatIllegalArgumentException().isThrownBy(() -> layer.resized(0));
    }
  }

  /** Means just beyond the middle of two numbers, which float32 would take for the middle. */
  @EveryBackend
  void newRowsOfTablesOf16BitsAreRoundedOnce(TestBackend device) {
    for (DType type : List.of(DType.FLOAT16, DType.BFLOAT16)) {
      float step = type == DType.FLOAT16 ? 0x1p-10f : 0x1p-7f;
      float tiny = type == DType.FLOAT16 ? 0x1p-24f : 0x1p-38f;
      float two = 2 + 2 * step;
      float[] values = {two, -two, 3, 1, -1, 1, 1, -1, 2, tiny, -tiny, tiny};
      try (HostTensor wide = HostTensor.of(Shape.of(4, 3), values);
          HostTensor weight = wide.to(type);
          TokenEmbedding layer = TokenEmbedding.of(device.shared(), weight);
          TokenEmbedding grown = layer.resized(6);
          TokenEmbedding shrunk = layer.resized(1);
          TokenEmbedding drawn = layer.resized(40, new TorchGenerator(3));
          TokenEmbedding fresh =
              TokenEmbedding.builder(device.shared())
                  .numEmbeddings(36)
                  .embeddingDim(3)
                  .dtype(type)
                  .seed(3)
                  .build()) {
        float[] all = widened(grown);
        assertThat(Arrays.copyOf(all, 12)).isEqualTo(values);
        for (int row : new int[] {4, 5}) {
          assertThat(Arrays.copyOfRange(all, 3 * row, 3 * row + 3))
              .containsExactly(1 + step, -1 - step, 1.5f);
        }
        assertThat(grown.weight().dtype()).isEqualTo(type);
        assertThat(widened(shrunk)).containsExactly(two, -two, 3);
        float[] some = widened(drawn);
        assertThat(Arrays.copyOf(some, 12)).isEqualTo(values);
        assertThat(Arrays.copyOfRange(some, 12, 120)).isEqualTo(widened(fresh));
      }
    }
  }

  /** A run on a table that has grown equals one on a table that was that large from the start. */
  @EveryBackend
  void optimizerStateFollows(TestBackend device) {
    Backend backend = device.shared();
    try (TokenEmbedding small = TokenEmbedding.seeded(backend, 4, 5, 1);
        TokenEmbedding large = small.resized(7);
        Optimizer followed = new AdamW(AdamOptions.of(0.1).withWeightDecay(0.1));
        Optimizer whole = new AdamW(AdamOptions.of(0.1).withWeightDecay(0.1))) {
      int[] early = {1, 3, 1};
      int[] late = {6, 3, 2};
      train(small, followed, early);
      train(large, whole, early);
      try (TokenEmbedding grown = small.resized(7, new TorchGenerator(1))) {
        // New rows as the other table has them, which nothing has moved yet.
        try (HostTensor values = large.weight().toHost()) {
          grown.weight().write(values);
        }
        followed.adopt(small.weight(), grown.weight());
        assertThat(followed.steps(small.weight())).isZero();
        assertThat(followed.steps(grown.weight())).isEqualTo(3);
        train(grown, followed, late);
        train(large, whole, late);
        assertThat(floats(grown.weight().toHost())).isEqualTo(floats(large.weight().toHost()));
        try (TokenEmbedding cut = grown.resized(3)) {
          followed.adopt(grown.weight(), cut.weight());
          train(cut, followed, new int[] {2, 0, 1});
          train(large, whole, new int[] {2, 0, 1});
          assertThat(floats(cut.weight().toHost()))
              .isEqualTo(Arrays.copyOf(floats(large.weight().toHost()), 15));
        }
        try (TokenEmbedding other = TokenEmbedding.seeded(backend, 4, 6, 1)) {
          assertThatIllegalArgumentException()
              .isThrownBy(() -> followed.adopt(small.weight(), other.weight()))
              .withMessageContaining("rows of length 6");
        }
      }
    }
  }

  /** An output layer of the same table: logits = x · Wᵀ, so dW += gradLogitsᵀ · x. */
  @EveryBackend
  void tiedOutputLayerSharesWeightAndGradient(TestBackend device) {
    Backend backend = device.shared();
    try (HostTensor weight = HostTensor.of(Shape.of(3, 2), 1f, 2, 3, 4, 5, 6);
        TokenEmbedding layer = TokenEmbedding.of(backend, weight);
        HostTensor gradOutput = HostTensor.of(Shape.of(1, 2, 2), 10f, 20f, 30f, 40f)) {
      Sgd sgd = new Sgd(1, layer.parameters());
      for (int round = 0; round < 2; round++) {
        sgd.zeroGrad();
        layer.forward(new int[] {2, 0}, 1, 2);
        layer.backward(gradOutput);
        Matrix shared = layer.weight().gradForUpdate();
        try (DeviceBuffer.Mapping mapping = shared.buffer().map(DeviceBuffer.MapMode.READ_WRITE)) {
          for (int i = 0; i < 6; i++) {
            float old = mapping.segment().getAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i);
            mapping.segment().setAtIndex(ValueLayout.JAVA_FLOAT_UNALIGNED, i, old + i);
          }
        }
        assertThat(floats(layer.weight().gradToHost())).containsExactly(30, 41, 2, 3, 14, 25);
      }
      sgd.step();
      assertThat(floats(layer.weight().toHost())).containsExactly(-29, -39, 1, 1, -9, -19);
    }
  }

  @EveryBackend
  void uncoalescedGradientHasTheIdsInOrderWithoutPadding(TestBackend device) {
    Backend backend = device.shared();
    float[] gradient = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    int[] ids = {4, 1, 4, 0, 4, 2};
    for (boolean scaled : new boolean[] {false, true}) {
      try (DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, gradient.length);
          TokenEmbedding layer =
              TokenEmbedding.builder(backend)
                  .numEmbeddings(5)
                  .embeddingDim(2)
                  .seed(1)
                  .paddingIdx(1)
                  .scaleGradByFreq(scaled)
                  .build()) {
        gradOutput.write(MemorySegment.ofArray(gradient));
        layer.forward(ids, 2, 3);
        float third = scaled ? 1 / 3f : 1;
        try (SparseGradient sparse = layer.uncoalescedGradient(gradOutput)) {
          assertThat(sparse.isCoalesced()).isFalse();
          assertThat(sparse.rowCount()).isEqualTo(5);
          assertThat(sparse.rowsToHost()).containsExactly(4, 4, 0, 4, 2);
          assertThat(floats(sparse.valuesToHost()))
              .containsExactly(
                  third, 2 * third, 5 * third, 6 * third, 7, 8, 9 * third, 10 * third, 11, 12);
          layer.sparseGradientInto(gradOutput, sparse);
          assertThat(sparse.isCoalesced()).isTrue();
          assertThat(sparse.rowsToHost()).containsExactly(0, 2, 4);
        }
        layer.forward(new int[] {1, 1}, 1, 2);
        try (SparseGradient none = layer.uncoalescedGradient(gradOutput)) {
          assertThat(none.rowsToHost()).isEmpty();
        }
      }
    }
  }

  private static void train(TokenEmbedding layer, Optimizer optimizer, int[] ids) {
    float[] ones = new float[ids.length * 5];
    for (int i = 0; i < ones.length; i++) {
      ones[i] = i - 4;
    }
    try (HostTensor gradOutput = HostTensor.of(Shape.of(1, ids.length, 5), ones)) {
      for (int step = 0; step < 3; step++) {
        layer.forward(ids, 1, ids.length);
        optimizer.step(layer, gradOutput);
      }
    }
  }

  private static float[] widened(TokenEmbedding layer) {
    try (HostTensor stored = layer.weight().toHost()) {
      return floats(stored.to(DType.FLOAT32));
    }
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
