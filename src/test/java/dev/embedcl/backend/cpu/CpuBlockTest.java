package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What both kinds of blocks promise; sizes that no other test uses. */
final class CpuBlockTest {

  /** A kind of block, and a size for it. */
  static Stream<Arguments> kinds() {
    BiFunction<Long, Boolean, CpuBlock> arenas = ArenaBlock::allocate;
    BiFunction<Long, Boolean, CpuBlock> pages =
        (bytes, zeroed) -> HugePages.allocate(bytes, zeroed).orElseThrow();
    Stream<Arguments> all = Stream.of(Arguments.of("arena", arenas, 100_012L));
    return HugePages.allocate(16L << 20, false).stream().peek(CpuBlock::free).findAny().isEmpty()
        ? all
        : Stream.concat(all, Stream.of(Arguments.of("pages", pages, (150L << 20) + 12)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void freedMemoryServesAgainAndIsZeroWhereThatIsAskedFor(
      String name, BiFunction<Long, Boolean, CpuBlock> kind, long bytes) {
    CpuBlock one = kind.apply(bytes, true);
    assertThat(one.segment().byteSize()).isEqualTo(bytes);
    assertThat(one.segment().mismatch(zeros(bytes))).isEqualTo(-1);
    final long address = one.segment().address();
    one.segment().fill((byte) 7);
    one.free();
    CpuBlock other = kind.apply(bytes, false);
    assertThat(other.segment().address()).isEqualTo(address);
    other.segment().fill((byte) 9);
    other.free();
    CpuBlock last = kind.apply(bytes, true);
    assertThat(last.segment().address()).isEqualTo(address);
    assertThat(last.segment().mismatch(zeros(bytes))).isEqualTo(-1);
    last.free();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void whoMappedABlockIsRefusedAfterItsEnd(
      String name, BiFunction<Long, Boolean, CpuBlock> kind, long bytes) {
    CpuBlock block = kind.apply(bytes, true);
    MemorySegment mapped = block.mapped();
    MemorySegment again = block.mapped();
    mapped.set(ValueLayout.JAVA_BYTE, bytes - 1, (byte) 5);
    assertThat(block.segment().get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 5);
    assertThat(mapped.byteSize()).isEqualTo(bytes);
    assertThatThrownBy(() -> mapped.get(ValueLayout.JAVA_BYTE, bytes))
        .isInstanceOf(IndexOutOfBoundsException.class);
    block.free();
    assertThatIllegalStateException().isThrownBy(() -> mapped.get(ValueLayout.JAVA_BYTE, 0));
    assertThatIllegalStateException().isThrownBy(() -> again.get(ValueLayout.JAVA_BYTE, 0));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("kinds")
  void memoryInUseIsGivenToNobodyElse(
      String name, BiFunction<Long, Boolean, CpuBlock> kind, long bytes) {
    CpuBlock one = kind.apply(bytes, false);
    CpuBlock other = kind.apply(bytes, false);
    one.segment().fill((byte) 1);
    other.segment().fill((byte) 2);
    assertThat(one.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 1);
    assertThat(one.segment().get(ValueLayout.JAVA_BYTE, bytes - 1)).isEqualTo((byte) 1);
    one.free();
    other.free();
  }

  private static MemorySegment zeros(long bytes) {
    return MemorySegment.ofArray(new byte[(int) bytes]);
  }
}
