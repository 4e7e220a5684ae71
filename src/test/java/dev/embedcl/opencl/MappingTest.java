package dev.embedcl.opencl;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Buffers as host memory, and host memory as buffers. */
class MappingTest extends OpenClFixture {
  @Test
  void contentIsReadInHostOrder() {
    Buffer buffer = bufferOf(1, 0x01020304, -1);
    try (Mapping mapping = queue.map(buffer, false)) {
      assertThat(mapping.segment().byteSize()).isEqualTo(12);
      assertThat(mapping.segment().toArray(ValueLayout.JAVA_INT))
          .containsExactly(1, 0x01020304, -1);
    }
  }

  @Test
  void writesReachTheDevice() {
    Buffer buffer = bufferOf(1, 2);
    try (Mapping mapping = queue.map(buffer, true)) {
      mapping.segment().setAtIndex(ValueLayout.JAVA_INT, 1, 77);
    }
    assertThat(read(buffer)).containsExactly(1, 77);
  }

  @Test
  void segmentEndsWithTheMapping() {
    Buffer buffer = bufferOf(1);
    Mapping mapping = queue.map(buffer, true);
    MemorySegment segment = mapping.segment();
    mapping.close();
    mapping.close();
    assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_INT, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void closedBufferStaysUntilItsMappingEnds() {
    long live = LiveObjects.count();
    Buffer buffer = bufferOf(5);
    Mapping mapping = queue.map(buffer, false);
    buffer.close();
    assertThat(mapping.segment().get(ValueLayout.JAVA_INT, 0)).isEqualTo(5);
    assertThat(LiveObjects.count()).isEqualTo(live + 2);
    mapping.close();
    assertThat(LiveObjects.count()).isEqualTo(live);
  }

  @Test
  void closingTheContextEndsMappings() {
    MemorySegment segment = queue.map(bufferOf(5), false).segment();
    context.close();
    assertThat(segment.scope().isAlive()).isFalse();
  }

  @Test
  void emptyBufferMapsToNothing() {
    try (Mapping mapping = queue.map(context.allocate(0), true)) {
      assertThat(mapping.segment().byteSize()).isZero();
    }
  }

  @Test
  void mappingCanBeTheSourceOfATransfer() {
    Buffer source = bufferOf(1, 2, 3);
    Buffer target = bufferOf(0, 0, 0);
    try (Mapping mapping = queue.map(source, false)) {
      queue.write(target, 0, mapping.segment());
    }
    assertThat(read(target)).containsExactly(1, 2, 3);
  }

  @Test
  void hostMemoryBecomesABuffer() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(4096, 4096);
      memory.setAtIndex(ValueLayout.JAVA_INT, 10, 99);
      try (Buffer buffer = context.wrapHostMemory(memory)) {
        assertThat(read(buffer)[10]).isEqualTo(99);
        queue.fill(buffer, 0, 8, (byte) 1);
        try (Mapping mapping = queue.map(buffer, false)) {
          assertThat(mapping.segment().get(ValueLayout.JAVA_INT, 4)).isEqualTo(0x01010101);
        }
      }
    }
  }

  @Test
  void twoGibibytesAreNoLimit(@TempDir Path directory) throws IOException {
    long bytes = 1L << 31; // one more than a ByteBuffer holds
    Device device = context.device();
    assumeTrue(
        device.hostUnifiedMemory() && device.maxAllocationBytes() >= bytes,
        "the device takes no host memory of " + bytes + " bytes as it is");
    long last = bytes / Integer.BYTES - 1;
    try (Arena arena = Arena.ofShared();
        FileChannel sparse = FileChannel.open(directory.resolve("sparse"), CREATE, READ, WRITE)) {
      MemorySegment memory = sparse.map(FileChannel.MapMode.READ_WRITE, 0, bytes, arena);
      try (Buffer buffer = context.wrapHostMemory(memory)) {
        queue.write(buffer, last * Integer.BYTES, MemorySegment.ofArray(new int[] {7}));
        try (Mapping mapping = queue.map(buffer, true)) {
          assertThat(mapping.segment().byteSize()).isEqualTo(bytes);
          assertThat(mapping.segment().getAtIndex(ValueLayout.JAVA_INT, last)).isEqualTo(7);
          mapping.segment().setAtIndex(ValueLayout.JAVA_INT, last - 1, 6);
        }
        int[] values = new int[2];
        queue.read(buffer, (last - 1) * Integer.BYTES, MemorySegment.ofArray(values));
        assertThat(values).containsExactly(6, 7);
      }
    }
  }

  @Test
  void unfitHostMemoryIsRefused() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment fit = arena.allocate(16);
      for (MemorySegment unfit :
          new MemorySegment[] {
            MemorySegment.ofArray(new int[4]), fit.asReadOnly(), fit.asSlice(0, 0)
          }) {
        assertThatThrownBy(() -> context.wrapHostMemory(unfit))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining("must be native, writable and not empty");
      }
    }
  }
}
