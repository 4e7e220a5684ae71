package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.TestBackends;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ArgumentsSource;
import org.junit.jupiter.params.provider.CsvSource;

/** What {@code forward} gives, takes and refuses. */
@DefaultLaunchProfile
@ParameterizedClass
@ArgumentsSource(TestBackends.class)
final class EmbeddingForwardLayerTest {
  private static final int ROWS = 11;
  private static final int DIM = 5;
  private static final int MAX_LENGTH = 6;

  private final Random random = new Random(20261122);
  private final float[] weight = ReferenceModel.randomFloats(random, ROWS * DIM);
  private final float[] table = ReferenceModel.randomFloats(random, MAX_LENGTH * DIM);
  private final ReferenceModel reference = new ReferenceModel(weight, table, DIM);
  private final Backend backend;
  private final InputEmbedding layer;

  EmbeddingForwardLayerTest(TestBackend named) {
    // Where there is no such device, this skips the test.
    backend = named.open();
    layer = layer(weight, ROWS, table, MAX_LENGTH, DIM);
  }

  @AfterEach
  void close() {
    layer.close();
    backend.close();
  }

  @ParameterizedTest
  @CsvSource({"1,1,1", "3,2,3", "8,4,16", "2,7,17", "5,1,64", "1,33,300"})
  void tokensAndPositionsAreAdded(int batchSize, int seqLen, int dim) {
    float[] tokens = ReferenceModel.randomFloats(random, 50 * dim);
    float[] positions = ReferenceModel.randomFloats(random, 40 * dim);
    int[] ids = ReferenceModel.randomIds(random, batchSize * seqLen, 50);
    try (InputEmbedding other = layer(tokens, 50, positions, 40, dim)) {
      Activation out = other.forward(ids, batchSize, seqLen);

      assertThat(out.shape()).isEqualTo(Shape.of(batchSize, seqLen, dim));
      assertThat(floats(out))
          .isEqualTo(new ReferenceModel(tokens, positions, dim).forward(ids, batchSize, seqLen, 0));
    }
  }

  @Test
  void withoutPositionsVectorsAreThoseOfTheTable() {
    try (InputEmbedding bare = InputEmbedding.of(layer.tokens())) {
      assertThat(floats(bare.forward(new int[] {3, 0, 10}, 1, 3)))
          .isEqualTo(floats(layer.tokens().forward(new int[] {3, 0, 10}, 3, 1)))
          .isEqualTo(new ReferenceModel(weight, null, DIM).forward(new int[] {3, 0, 10}, 1, 3, 0));
    }
  }

  @Test
  void idsOfEveryTypeAndPlaceGiveTheSame() {
    int[] ids = {10, 0, 3, 3, 7, 1};
    long[] longs = Arrays.stream(ids).asLongStream().toArray();
    byte[] bytes = {10, 0, 3, 3, 7, 1};
    short[] shorts = {10, 0, 3, 3, 7, 1};
    float[] expected = reference.forward(ids, 2, 3, 0);

    assertThat(floats(layer.forward(ids, 2, 3))).isEqualTo(expected);
    assertThat(floats(layer.forward(longs, 2, 3))).isEqualTo(expected);
    for (DType type : new DType[] {DType.INT8, DType.UINT8}) {
      assertThat(floats(layer.forward(IndexBatch.of(type, MemorySegment.ofArray(bytes), 2, 3))))
          .isEqualTo(expected);
    }
    assertThat(
            floats(layer.forward(IndexBatch.of(DType.INT16, MemorySegment.ofArray(shorts), 2, 3))))
        .isEqualTo(expected);
    try (HostTensor tensor = HostTensor.of(Shape.of(2, 3), ids);
        DeviceBuffer onDevice = backend.allocate(DType.INT32, 8)) {
      onDevice.write(MemorySegment.ofArray(ids));
      assertThat(floats(layer.forward(IndexBatch.of(tensor)))).isEqualTo(expected);
      assertThat(floats(layer.forward(IndexBatch.onDevice(onDevice, 2, 3)))).isEqualTo(expected);
    }
    try (HostTensor sequence = HostTensor.of(Shape.of(6), ids)) {
      assertThat(layer.forward(IndexBatch.of(sequence)).shape()).isEqualTo(Shape.of(1, 6, DIM));
    }
  }

  @Test
  void sequencesStartWhereTheyAreTold() {
    int[] ids = {1, 2, 3, 4};

    Activation out = layer.forward(IndexBatch.of(ids, 2, 2).startingAt(4));

    assertThat(floats(out)).isEqualTo(reference.forward(ids, 2, 2, 4));
  }

  @Test
  void emptyBatchGivesEmptyOutput() {
    assertThat(floats(layer.forward(new int[0], 0, 4))).isEmpty();
    assertThat(floats(layer.forward(new int[0], 3, 0))).isEmpty();
    assertThat(layer.forward(new int[0], 0, 4).shape()).isEqualTo(Shape.of(0, 4, DIM));
  }

  @Test
  void wrongIdIsNamedBeforeAnythingChanges() {
    int[] good = {1, 2, 3, 4};
    Activation before = layer.forward(good, 2, 2);
    int[] ints = {0, 1, 2, ROWS};
    long[] longs = {0, 1, (1L << 32) + 2, 3};

    assertThatThrownBy(() -> layer.forward(ints, 2, 2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("indices[3] = 11 is out of range [0, 11)");
    assertThatThrownBy(() -> layer.forward(longs, 2, 2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("indices[2] = 4294967298 is out of range [0, 11)");
    assertThatThrownBy(() -> layer.forward(new int[] {-1}, 1, 1))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("indices[0] = -1 is out of range [0, 11)");

    assertThat(floats(before)).isEqualTo(reference.forward(good, 2, 2, 0));
    try (HostTensor ones = ones(2, 2)) {
      layer.backward(ones);
    }
    try (HostTensor grad = layer.tokens().weight().gradToHost()) {
      float[] expected = new float[ROWS * DIM];
      Arrays.fill(expected, DIM, 5 * DIM, 1);
      assertThat(grad.toFloatArray()).isEqualTo(expected);
    }
  }

  @Test
  void wrongIdOnTheDeviceIsReportedWhenTheOutputIsRead() {
    try (DeviceBuffer onDevice = backend.allocate(DType.INT32, 3)) {
      onDevice.write(MemorySegment.ofArray(new int[] {1, 50300, 2}));
      Activation out = layer.forward(IndexBatch.onDevice(onDevice, 1, 3));

      assertThatThrownBy(() -> floats(out))
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessage("indices[1] = 50300 is out of range [0, 11)");
    }
  }

  @Test
  void outputIsValidUntilTheNextForward() {
    Activation first = layer.forward(new int[] {1, 2}, 1, 2);
    Activation second = layer.forward(new int[] {3, 4}, 1, 2);

    assertThatThrownBy(first::toHost)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("overwritten by a later forward")
        .hasMessageContaining("forwardInto");
    assertThatThrownBy(first::buffer).isInstanceOf(IllegalStateException.class);
    assertThat(floats(second)).isEqualTo(reference.forward(new int[] {3, 4}, 1, 2, 0));
    layer.close();
    assertThatThrownBy(second::matrix).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void callersBufferTakesTheOutputAndNothingBeyond() {
    int[] ids = {1, 2, 3};
    try (DeviceBuffer mine = backend.allocate(DType.FLOAT32, 3 * DIM + 7)) {
      float[] canary = new float[3 * DIM + 7];
      Arrays.fill(canary, 42);
      mine.write(MemorySegment.ofArray(canary));

      Activation out = layer.forwardInto(IndexBatch.of(ids, 1, 3), mine);
      final Activation own = layer.forward(new int[] {5}, 1, 1);
      layer.forwardInto(IndexBatch.of(ids, 1, 3), mine);

      float[] expected = Arrays.copyOf(reference.forward(ids, 1, 3, 0), 3 * DIM + 7);
      Arrays.fill(expected, 3 * DIM, 3 * DIM + 7, 42);
      float[] all = new float[3 * DIM + 7];
      mine.read(MemorySegment.ofArray(all));
      assertThat(all).isEqualTo(expected);
      assertThat(out.buffer()).isSameAs(mine);
      assertThat(floats(own)).isEqualTo(reference.forward(new int[] {5}, 1, 1, 0));
    }
  }

  @Test
  void callersBufferIsChecked() {
    IndexBatch batch = IndexBatch.of(new int[] {1, 2, 3}, 1, 3);
    try (DeviceBuffer small = backend.allocate(DType.FLOAT32, 3 * DIM - 1);
        DeviceBuffer ints = backend.allocate(DType.INT32, 3 * DIM)) {
      assertThatThrownBy(() -> layer.forwardInto(batch, small))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("15 elements")
          .hasMessageContaining("14");
      assertThatThrownBy(() -> layer.forwardInto(batch, ints))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("INT32");
    }
    DeviceBuffer parameter = layer.tokens().weight().matrix().buffer();
    assertThatThrownBy(() -> layer.forwardInto(batch, parameter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("same buffer");
  }

  @Test
  void sequenceLongerThanTheTableNamesBothNumbers() {
    assertThatThrownBy(() -> layer.forward(new int[7], 1, 7))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs 7 positions")
        .hasMessageContaining("has 6");
    assertThatThrownBy(() -> layer.forward(IndexBatch.of(new int[3], 1, 3).startingAt(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("needs 7 positions");
    assertThatThrownBy(() -> layer.tokens().forward(IndexBatch.of(new int[3], 1, 3).startingAt(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("start = 4")
        .hasMessageContaining("no positions");
  }

  @Test
  void sizesMustMatchTheIds() {
    assertThatThrownBy(() -> layer.forward(new int[5], 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "indices hold 5 ids of INT32 (20 bytes); batchSize * seqLen = 2 * 3 = 6 are needed");
    assertThatThrownBy(() -> layer.forward(new int[0], -1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("batchSize = -1 is negative");
    assertThatThrownBy(() -> IndexBatch.of(new int[1], 1, 1).startingAt(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("start = -1 is negative");
    assertThatThrownBy(
            () -> IndexBatch.of(DType.FLOAT32, MemorySegment.ofArray(new float[1]), 1, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("FLOAT32");
    try (HostTensor cube = HostTensor.of(Shape.of(1, 1, 1), 0)) {
      assertThatThrownBy(() -> IndexBatch.of(cube))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[1, 1, 1]");
    }
    try (DeviceBuffer floats = backend.allocate(DType.FLOAT32, 4);
        DeviceBuffer ints = backend.allocate(DType.INT32, 3)) {
      assertThatThrownBy(() -> IndexBatch.onDevice(floats, 1, 4))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("FLOAT32");
      assertThatThrownBy(() -> IndexBatch.onDevice(ints, 1, 4))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("hold 3 ids");
    }
  }

  @Test
  void closedLayerSaysSo() {
    layer.close();
    layer.close();

    assertThatThrownBy(() -> layer.forward(new int[] {1}, 1, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("InputEmbedding(TokenEmbedding(11, 5)")
        .hasMessageContaining("was closed");
  }

  private InputEmbedding layer(
      float[] tokens, int rows, float[] positions, int maxLength, int dim) {
    try (HostTensor tokenWeight = HostTensor.of(Shape.of(rows, dim), tokens);
        HostTensor positionWeight = HostTensor.of(Shape.of(maxLength, dim), positions)) {
      return InputEmbedding.builder(backend)
          .tokenWeight(tokenWeight)
          .positionWeight(positionWeight)
          .build();
    }
  }

  private static HostTensor ones(int batchSize, int seqLen) {
    float[] values = new float[batchSize * seqLen * DIM];
    Arrays.fill(values, 1);
    return HostTensor.of(Shape.of(batchSize, seqLen, DIM), values);
  }

  private static float[] floats(Activation activation) {
    try (HostTensor host = activation.toHost()) {
      return host.toFloatArray();
    }
  }
}
