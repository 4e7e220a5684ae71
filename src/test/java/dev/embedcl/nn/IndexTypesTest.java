package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.Accumulation;
import dev.embedcl.optim.Sgd;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Ids of every type, on the host and on the device, in range and not. */
@DefaultLaunchProfile
final class IndexTypesTest {
  private static final float[] WEIGHT = {10, 11, 12, 13, 14};

  /** All but the first out of a table of 5, one of them such that 32 bits of it are in range. */
  private static final long[] WILD = {3, -1, 5, 127, 1};

  private static final long[] TAME = {3, 0, 4, 1, 1};

  private static final DType[] TYPES = {
    DType.INT8, DType.UINT8, DType.INT16, DType.INT32, DType.INT64
  };

  @EveryBackend
  void everyTypeGivesTheSameForwardBackwardAndStep(TestBackend device) {
    Backend backend = device.shared();
    for (IndexBatch batch : batches(backend, TAME)) {
      try (TokenEmbedding layer = layer(backend).build();
          DeviceBuffer gradOutput = floats(backend, 1, 2, 4, 8, 16)) {
        assertThat(floats(layer.forward(batch).toHost())).containsExactly(13, 10, 14, 11, 11);
        for (Accumulation accumulation : Accumulation.values()) {
          layer.zeroGrad();
          layer.backward(gradOutput, accumulation);
          assertThat(floats(layer.weight().gradToHost())).containsExactly(2, 24, 0, 1, 4);
        }
        layer.forward(batch);
        new Sgd(1).step(layer, gradOutput);
        assertThat(floats(layer.weight().toHost())).containsExactly(8, -13, 12, 12, 10);
      }
    }
  }

  @EveryBackend
  void wrongIdsOfEveryTypeAreErrorsByDefault(TestBackend device) {
    Backend backend = device.shared();
    for (IndexBatch batch : batches(backend, new long[] {3, 5})) {
      try (TokenEmbedding layer = layer(backend).build()) {
        assertThatThrownBy(
                () -> {
                  layer.forward(batch);
                  backend.synchronize();
                })
            .isInstanceOf(IndexOutOfBoundsException.class)
            .hasMessage("indices[1] = 5 is out of range [0, 5)");
      }
    }
    long[] wide = {0, 1L << 32};
    try (TokenEmbedding layer = layer(backend).build()) {
      assertThatThrownBy(() -> layer.forward(wide, 1, 2))
          .hasMessage("indices[1] = 4294967296 is out of range [0, 5)");
    }
  }

  @EveryBackend
  void wrongIdsStandForTheGivenRowEverywhere(TestBackend device) {
    Backend backend = device.shared();
    for (IndexBatch batch : batches(backend, WILD)) {
      try (TokenEmbedding layer = layer(backend).clampOutOfRangeTo(-3).build();
          DeviceBuffer gradOutput = floats(backend, 1, 2, 4, 8, 16)) {
        assertThat(layer.clampOutOfRangeTo()).hasValue(2);
        assertThat(floats(layer.forward(batch).toHost())).containsExactly(13, 12, 12, 12, 11);
        for (Accumulation accumulation : Accumulation.values()) {
          layer.zeroGrad();
          layer.backward(gradOutput, accumulation);
          assertThat(floats(layer.weight().gradToHost())).containsExactly(0, 16, 14, 1, 0);
        }
        new Sgd(1).step(layer, gradOutput);
        assertThat(floats(layer.weight().toHost())).containsExactly(10, -5, -2, 12, 14);
        backend.synchronize();
      }
    }
    try (TokenEmbedding layer = layer(backend).clampOutOfRangeTo(0).build()) {
      long[] wide = {(1L << 32) + 3, Long.MIN_VALUE, 4};
      assertThat(floats(layer.forward(wide, 1, 3).toHost())).containsExactly(10, 10, 14);
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> layer(backend).clampOutOfRangeTo(5).build())
        .withMessage("clampOutOfRangeTo = 5 is out of range [-5, 5)");
  }

  @EveryBackend
  void idsOnTheDeviceAreNotChanged(TestBackend device) {
    try (DeviceBuffer ids = device.shared().allocate(DType.INT32, 2);
        TokenEmbedding layer = layer(device.shared()).clampOutOfRangeTo(0).build()) {
      ids.write(MemorySegment.ofArray(new int[] {77, 1}));
      layer.forward(IndexBatch.onDevice(ids, 1, 2));
      int[] after = new int[2];
      ids.read(MemorySegment.ofArray(after));
      assertThat(after).containsExactly(77, 1);
    }
  }

  /** Returns batches [1, n] of the ids in every type that holds them, on host and device. */
  private static List<IndexBatch> batches(Backend backend, long[] ids) {
    List<IndexBatch> all = new ArrayList<>();
    byte[] bytes = new byte[ids.length];
    short[] shorts = new short[ids.length];
    int[] ints = new int[ids.length];
    for (int i = 0; i < ids.length; i++) {
      bytes[i] = (byte) ids[i];
      shorts[i] = (short) ids[i];
      ints[i] = (int) ids[i];
    }
    all.add(IndexBatch.of(bytes, 1, ids.length));
    all.add(IndexBatch.of(shorts, 1, ids.length));
    all.add(IndexBatch.of(ints, 1, ids.length));
    all.add(IndexBatch.of(ids, 1, ids.length));
    for (DType type : TYPES) {
      MemorySegment host =
          switch (type) {
            case INT16 -> MemorySegment.ofArray(shorts);
            case INT32 -> MemorySegment.ofArray(ints);
            case INT64 -> MemorySegment.ofArray(ids);
            default -> MemorySegment.ofArray(bytes);
          };
      // The buffers are closed with the backend.
      DeviceBuffer buffer = backend.allocate(type, ids.length + 1);
      buffer.write(host);
      all.add(IndexBatch.onDevice(buffer, 1, ids.length));
    }
    return all;
  }

  private static TokenEmbeddingBuilder layer(Backend backend) {
    return TokenEmbedding.builder(backend).weight(HostTensor.of(Shape.of(5, 1), WEIGHT));
  }

  private static DeviceBuffer floats(Backend backend, float... values) {
    DeviceBuffer buffer = backend.allocate(DType.FLOAT32, values.length);
    buffer.write(MemorySegment.ofArray(values));
    return buffer;
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
