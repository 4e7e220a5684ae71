package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
final class HugePagesTest {
  private static final long BYTES = (9L << 20) + 12;

  @Test
  void memoryIsZeroAlignedWritableToItsEndAndGoneWithItsArena() {
    MemorySegment kept;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = HugePages.allocate(arena, BYTES, true).orElseThrow();
      assertThat(segment.byteSize()).isEqualTo(BYTES);
      assertThat(segment.address() % (2 << 20)).isZero();
      assertThat(segment.asSlice(BYTES - 4096).toArray(ValueLayout.JAVA_BYTE))
          .containsOnly((byte) 0);
      segment.fill((byte) 7);
      assertThat(segment.get(ValueLayout.JAVA_BYTE, BYTES - 1)).isEqualTo((byte) 7);
      kept = segment;
    }
    assertThatIllegalStateException().isThrownBy(() -> kept.get(ValueLayout.JAVA_BYTE, 0));
  }

  @Test
  void closedArenasGiveTheirMemoryBack() throws IOException {
    final long pages = 64L << 20;
    long before = virtualBytes();
    for (int round = 0; round < 100; round++) {
      try (Arena arena = Arena.ofShared()) {
        assertThat(HugePages.allocate(arena, pages, true)).isPresent();
      }
    }
    assertThat(virtualBytes() - before).isLessThan(50 * pages);
  }

  @Test
  void freedMemoryServesAgainAndIsZeroWhereThatIsAskedFor() {
    long first;
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = HugePages.allocate(arena, BYTES, true).orElseThrow();
      segment.fill((byte) 7);
      first = segment.address();
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = HugePages.allocate(arena, BYTES, false).orElseThrow();
      assertThat(segment.address()).isEqualTo(first);
      segment.fill((byte) 9);
    }
    try (Arena arena = Arena.ofShared()) {
      MemorySegment segment = HugePages.allocate(arena, BYTES, true).orElseThrow();
      assertThat(segment.address()).isEqualTo(first);
      assertThat(segment.toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 0);
    }
  }

  @Test
  void memoryInUseIsGivenToNobodyElse() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment one = HugePages.allocate(arena, BYTES, false).orElseThrow();
      MemorySegment other = HugePages.allocate(arena, BYTES, false).orElseThrow();
      one.fill((byte) 1);
      other.fill((byte) 2);
      assertThat(one.toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 1);
    }
  }

  @Test
  void smallMemoryIsLeftToTheArena() {
    try (Arena arena = Arena.ofShared()) {
      assertThat(HugePages.allocate(arena, 4096, true)).isEmpty();
    }
  }

  private static long virtualBytes() throws IOException {
    String counts = Files.readString(Path.of("/proc/self/statm"));
    return Long.parseLong(counts.substring(0, counts.indexOf(' '))) * 4096;
  }
}
