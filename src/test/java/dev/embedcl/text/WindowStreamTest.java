package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class WindowStreamTest {
  @Test
  void streamGivesTheBatchesOfTheWholeText() throws IOException {
    for (long seed = 0; seed < 1_000; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int maxLength = random.nextInt(1, 12);
      int[] ids = random.ints(random.nextInt(maxLength + 1, 120), 0, 50257).toArray();
      WindowOptions options =
          WindowOptions.of(maxLength)
              .withStride(random.nextInt(1, 30))
              .withBatchSize(random.nextInt(1, 9))
              .withDropLast(random.nextBoolean());
      List<int[]> streamed = new ArrayList<>();
      WindowStream stream =
          new WindowStream(
              options,
              batch -> {
                int length = batch.batchSize() * batch.seqLen();
                streamed.add(Arrays.copyOf(batch.inputIds(), length));
                streamed.add(Arrays.copyOf(batch.targetIds(), length));
              });
      for (int id : ids) {
        stream.accept(id);
      }
      stream.finish();

      List<int[]> whole = new ArrayList<>();
      SlidingWindows windows = SlidingWindows.of(ids, options);
      for (TokenBatch batch : windows) {
        whole.add(batch.inputIds());
        whole.add(batch.targetIds());
      }
      assertThat(streamed.toArray(int[][]::new))
          .as("seed %d", seed)
          .isDeepEqualTo(whole.toArray(int[][]::new));
      assertThat(stream.windows()).as("seed %d", seed).isEqualTo(windows.count());
      assertThat(stream.tokens()).as("seed %d", seed).isEqualTo(ids.length);
    }
  }

  @Test
  void textOfMaxLengthOrLessIsAnErrorAtItsEnd() throws IOException {
    WindowStream stream = new WindowStream(WindowOptions.of(3), batch -> {});
    for (int id = 0; id < 3; id++) {
      stream.accept(id);
    }
    assertThatThrownBy(stream::finish)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("3 tokens")
        .hasMessageContaining("maxLength = 3");
  }

  @Test
  void finishedStreamTakesNoMoreAndHandsOnNothingTwice() throws IOException {
    int[] batches = new int[1];
    WindowStream stream = new WindowStream(WindowOptions.of(1), batch -> batches[0]++);
    stream.accept(1);
    stream.accept(2);
    stream.finish();
    stream.finish();
    assertThat(batches[0]).isEqualTo(1);
    assertThatThrownBy(() -> stream.accept(3))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("finished");
  }

  @Test
  void shufflingIsRefusedWithTheCure() {
    assertThatThrownBy(() -> new WindowStream(WindowOptions.of(4).withShuffle(1), batch -> {}))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("shuffleSeed = 1")
        .hasMessageContaining("TokenSpool");
  }
}
