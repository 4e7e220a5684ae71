package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenSpoolTest {
  private static final ValueLayout.OfInt ID =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  @TempDir private Path folder;

  @Test
  void givesBackAllIdsInOrder() throws IOException {
    try (TokenSpool spool = TokenSpool.create(folder)) {
      int count = 100_003; // more than one buffer, and not whole ones
      for (int i = 0; i < count; i++) {
        spool.accept(i * 31);
      }
      MemorySegment ids = spool.ids();
      assertThat(spool.size()).isEqualTo(count);
      assertThat(ids.byteSize()).isEqualTo(count * 4L);
      for (int i = 0; i < count; i++) {
        assertThat(ids.getAtIndex(ID, i)).isEqualTo(i * 31);
      }
      assertThat(ids.isReadOnly()).isTrue();
      assertThat(spool.ids()).isEqualTo(ids);
    }
  }

  @Test
  void carriesATextFromTokenizerToWindows() throws IOException {
    String text = "Every effort moves you further. ".repeat(5_000);
    Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load();
    WindowOptions options = WindowOptions.of(256).withShuffle(123);
    SlidingWindows expected = SlidingWindows.of(tokenizer.encode(text), options);
    try (TokenSpool spool = TokenSpool.create()) {
      tokenizer.encode(new StringReader(text), spool);
      SlidingWindows windows = SlidingWindows.of(spool.ids(), options);
      assertThat(windows.count()).isEqualTo(expected.count());
      for (long b = 0; b < windows.batches(); b++) {
        assertThat(windows.epoch(1).batch(b).inputIds())
            .isEqualTo(expected.epoch(1).batch(b).inputIds());
      }
    }
  }

  @Test
  void leavesNothingBehind() throws IOException {
    TokenSpool spool = TokenSpool.create(folder);
    spool.accept(1);
    MemorySegment ids = spool.ids();
    spool.close();
    spool.close();

    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
    assertThatThrownBy(() -> ids.getAtIndex(ID, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void emptySpoolHasNoIds() throws IOException {
    try (TokenSpool spool = TokenSpool.create(folder)) {
      assertThat(spool.ids().byteSize()).isZero();
    }
  }

  @Test
  void completeOrClosedSpoolTakesNoMore() throws IOException {
    TokenSpool spool = TokenSpool.create(folder);
    spool.accept(1);
    assertThat(spool.ids().byteSize()).isEqualTo(4);
    assertThatThrownBy(() -> spool.accept(2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("complete");
    spool.close();
    assertThatThrownBy(() -> spool.accept(2)).hasMessageContaining("closed");
    assertThatThrownBy(spool::ids)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void directoryThatCannotBeUsedIsNamedWithTheCure() {
    Path missing = folder.resolve("missing");
    assertThatThrownBy(() -> TokenSpool.create(missing))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(missing.toString())
        .hasMessageContaining("java.io.tmpdir");
  }
}
