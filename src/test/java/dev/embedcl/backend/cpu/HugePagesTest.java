package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
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
  void memoryBeginsAtAPageAndIsWritableToItsEnd() {
    CpuBlock block = HugePages.allocate(BYTES, true).orElseThrow();
    MemorySegment segment = block.segment();
    assertThat(segment.byteSize()).isEqualTo(BYTES);
    assertThat(segment.address() % (2 << 20)).isZero();
    assertThat(segment.asSlice(BYTES - 4096).toArray(ValueLayout.JAVA_BYTE)).containsOnly((byte) 0);
    segment.fill((byte) 7);
    assertThat(segment.get(ValueLayout.JAVA_BYTE, BYTES - 1)).isEqualTo((byte) 7);
    block.free();
  }

  @Test
  void freedBlocksGiveTheirMemoryBack() throws IOException {
    final long pages = 64L << 20;
    long before = virtualBytes();
    for (int round = 0; round < 100; round++) {
      HugePages.allocate(pages, true).orElseThrow().free();
    }
    assertThat(virtualBytes() - before).isLessThan(50 * pages);
  }

  @Test
  void smallMemoryIsLeftToOthers() {
    assertThat(HugePages.allocate(4096, true)).isEmpty();
  }

  private static long virtualBytes() throws IOException {
    String counts = Files.readString(Path.of("/proc/self/statm"));
    return Long.parseLong(counts.substring(0, counts.indexOf(' '))) * 4096;
  }
}
