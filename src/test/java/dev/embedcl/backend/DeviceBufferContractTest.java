package dev.embedcl.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What {@link DeviceBuffer} promises of memory and transfers, on every backend. */
final class DeviceBufferContractTest {

  @EveryBackend
  void newBufferIsZero(TestBackend device) {
    for (int round = 0; round < 3; round++) {
      try (DeviceBuffer buffer = device.shared().allocate(DType.FLOAT32, 10_001)) {
        float[] content = new float[10_001];
        buffer.read(MemorySegment.ofArray(content));
        assertThat(content).containsOnly(0f);
        content[round] = 1;
        buffer.write(MemorySegment.ofArray(content));
      }
    }
  }

  @EveryBackend
  void bufferKnowsItsTypeAndSize(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.FLOAT16, 7);
        DeviceBuffer empty = device.shared().allocate(DType.INT32, 0)) {
      assertThat(buffer.type()).isEqualTo(DType.FLOAT16);
      assertThat(buffer.elements()).isEqualTo(7);
      assertThat(buffer.bytes()).isEqualTo(14);
      assertThat(empty.elements()).isZero();
      empty.read(MemorySegment.ofArray(new int[0]));
    }
  }

  @EveryBackend
  void uninitializedMemoryTakesAndGivesWhatIsWritten(TestBackend device) {
    Backend backend = device.shared();
    final int elements = 3 << 20; // enough for huge pages
    int[] written = new int[elements];
    Arrays.setAll(written, i -> i ^ 0x5555);
    int[] read = new int[elements];
    try (DeviceBuffer buffer = backend.allocateUninitialized(DType.INT32, elements)) {
      assertThat(buffer.type()).isEqualTo(DType.INT32);
      assertThat(buffer.elements()).isEqualTo(elements);
      buffer.write(MemorySegment.ofArray(written));
      buffer.read(MemorySegment.ofArray(read));
    }
    assertThat(read).isEqualTo(written);
    try (DeviceBuffer after = backend.allocate(DType.INT32, elements)) {
      after.read(MemorySegment.ofArray(read));
    }
    assertThat(read).containsOnly(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.allocateUninitialized(DType.INT32, -1))
        .withMessageContaining("-1");
  }

  @EveryBackend
  void partsCanBeWrittenAndRead(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 6);
        Arena arena = Arena.ofConfined()) {
      buffer.write(2, MemorySegment.ofArray(new int[] {7, 8}));
      buffer.write(5, arena.allocateFrom(ValueLayout.JAVA_INT, 9));
      MemorySegment all = arena.allocate(ValueLayout.JAVA_INT, 6);
      buffer.read(all);
      assertThat(all.toArray(ValueLayout.JAVA_INT)).containsExactly(0, 0, 7, 8, 0, 9);
      byte[] bytes = new byte[8];
      buffer.read(3, MemorySegment.ofArray(bytes));
      assertThat(bytes).containsExactly(8, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  @EveryBackend
  void transfersOutOfBoundsAreRefused(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 4)) {
      outOfBounds(() -> buffer.write(1, MemorySegment.ofArray(new int[4])));
      outOfBounds(() -> buffer.write(-1, MemorySegment.ofArray(new int[1])));
      outOfBounds(() -> buffer.write(Long.MAX_VALUE, MemorySegment.ofArray(new int[1])));
      outOfBounds(() -> buffer.read(4, MemorySegment.ofArray(new int[1])));
      outOfBounds(() -> buffer.read(MemorySegment.ofArray(new int[5])));
      outOfBounds(() -> buffer.read(MemorySegment.ofArray(new byte[3])));
      outOfBounds(() -> buffer.write(MemorySegment.ofArray(new byte[5])));
      buffer.write(4, MemorySegment.ofArray(new int[0]));
    }
  }

  @EveryBackend
  void readOnlyTargetIsRefused(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 4)) {
      MemorySegment readOnly = MemorySegment.ofArray(new int[4]).asReadOnly();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> buffer.read(readOnly))
          .withMessageContaining("read-only");
      buffer.write(readOnly);
    }
  }

  @EveryBackend
  void closedArenaIsRefused(TestBackend device) {
    MemorySegment closed;
    try (Arena arena = Arena.ofShared()) {
      closed = arena.allocate(16);
    }
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 4)) {
      assertThatIllegalStateException().isThrownBy(() -> buffer.write(closed));
      assertThatIllegalStateException().isThrownBy(() -> buffer.read(closed));
    }
  }

  @EveryBackend
  void mappingShowsTheContentAndKeepsWhatIsWritten(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 3)) {
      buffer.write(MemorySegment.ofArray(new int[] {1, 2, 3}));
      try (Mapping mapping = buffer.map(MapMode.READ_WRITE)) {
        assertThat(mapping.segment().byteSize()).isEqualTo(12);
        assertThat(mapping.segment().getAtIndex(ValueLayout.JAVA_INT, 1)).isEqualTo(2);
        mapping.segment().setAtIndex(ValueLayout.JAVA_INT, 1, 20);
      }
      Mapping mapping = buffer.map(MapMode.READ);
      assertThat(mapping.segment().toArray(ValueLayout.JAVA_INT)).containsExactly(1, 20, 3);
      mapping.close();
      mapping.close();
      assertThatIllegalStateException().isThrownBy(mapping::segment);
    }
  }

  @EveryBackend
  void impossibleSizesAreRefused(TestBackend device) {
    Backend backend = device.shared();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.allocate(DType.INT32, -1))
        .withMessageContaining("-1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.allocate(DType.INT32, 1L << 61))
        .withMessageContaining("2^63-1");
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> backend.allocate(DType.INT32, 1L << 50))
        .withMessageContaining(String.valueOf(1L << 52))
        .satisfies(e -> {
          assertThat(e.neededBytes()).isEqualTo(1L << 52);
          assertThat(e.availableBytes()).isBetween(1L, (1L << 52) - 1);
          assertThat(e).hasMessageContaining(String.valueOf(e.availableBytes()));
        });
  }

  private static void outOfBounds(ThrowingCallable code) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(code);
  }
}
