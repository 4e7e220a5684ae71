package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SlidingWindowsTest {
  /** The opening of Edith Wharton's "The Verdict" (1908), the text of the book's chapter 2. */
  private static final String VERDICT =
      "I HAD always thought Jack Gisburn rather a cheap genius--though a good fellow enough--so it"
          + " was no great surprise to me to hear that, in the height of his glory, he had dropped"
          + " his painting, married a rich widow, and established himself in a villa on the"
          + " Riviera.";

  private static final int[] VERDICT_IDS = Gpt2Tokenizer.load().encode(VERDICT);

  @Test
  void strideOfOneGivesTheBooksFirstBatches() {
    SlidingWindows windows =
        SlidingWindows.of(VERDICT_IDS, WindowOptions.of(4).withStride(1).withBatchSize(1));
    Epoch epoch = windows.epoch(0);

    assertThat(epoch.batch(0).inputIds()).containsExactly(40, 367, 2885, 1464);
    assertThat(epoch.batch(0).targetIds()).containsExactly(367, 2885, 1464, 1807);
    assertThat(epoch.batch(1).inputIds()).containsExactly(367, 2885, 1464, 1807);
    assertThat(epoch.batch(1).targetIds()).containsExactly(2885, 1464, 1807, 3619);
  }

  @Test
  void strideOfFourGivesTheBooksBatchOfEight() {
    TokenBatch batch =
        SlidingWindows.of(VERDICT_IDS, WindowOptions.of(4).withBatchSize(8)).iterator().next();

    assertThat(batch.batchSize()).isEqualTo(8);
    assertThat(batch.seqLen()).isEqualTo(4);
    assertThat(batch.inputIds())
        .containsExactly(
            40, 367, 2885, 1464, 1807, 3619, 402, 271, 10899, 2138, 257, 7026, 15632, 438, 2016,
            257, 922, 5891, 1576, 438, 568, 340, 373, 645, 1049, 5975, 284, 502, 284, 3285, 326,
            11);
    assertThat(batch.targetIds())
        .containsExactly(
            367, 2885, 1464, 1807, 3619, 402, 271, 10899, 2138, 257, 7026, 15632, 438, 2016, 257,
            922, 5891, 1576, 438, 568, 340, 373, 645, 1049, 5975, 284, 502, 284, 3285, 326, 11,
            287);
  }

  @Test
  void windowsAreThoseOfThePythonLoopWhateverTheSizes() {
    for (long seed = 0; seed < 500; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      int maxLength = random.nextInt(1, 12);
      int[] ids = random.ints(random.nextInt(maxLength + 1, 80), 0, 50257).toArray();
      WindowOptions options =
          WindowOptions.of(maxLength)
              .withStride(random.nextInt(1, 15))
              .withBatchSize(random.nextInt(1, 9))
              .withDropLast(random.nextBoolean());
      List<int[]> inputs = new ArrayList<>();
      for (int i = 0; i < ids.length - maxLength; i += options.stride()) {
        inputs.add(Arrays.copyOfRange(ids, i, i + maxLength + 1));
      }

      SlidingWindows windows = SlidingWindows.of(ids, options);

      assertThat(windows.count()).as("seed %d", seed).isEqualTo(inputs.size());
      int seen = 0;
      int batches = 0;
      for (TokenBatch batch : windows) {
        assertThat(batch.inputIds()).hasSize(batch.batchSize() * maxLength);
        for (int row = 0; row < batch.batchSize(); row++, seen++) {
          int[] window = inputs.get(seen);
          assertThat(row(batch.inputIds(), row, maxLength))
              .as("seed %d", seed)
              .isEqualTo(Arrays.copyOf(window, maxLength));
          assertThat(row(batch.targetIds(), row, maxLength))
              .as("seed %d", seed)
              .isEqualTo(Arrays.copyOfRange(window, 1, maxLength + 1));
        }
        batches++;
      }
      assertThat(windows.batches()).as("seed %d", seed).isEqualTo(batches);
      int dropped = options.dropLast() ? inputs.size() % options.batchSize() : 0;
      assertThat(seen).as("seed %d", seed).isEqualTo(inputs.size() - dropped);
    }
  }

  @Test
  void idsInMemoryGiveTheSameWindowsAsAnArray() {
    int[] ids = IntStream.range(0, 100).map(i -> i * 499).toArray();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(ids.length * 4L + 1).asSlice(1);
      MemorySegment.copy(
          ids,
          0,
          segment,
          ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
          0,
          ids.length);
      WindowOptions options = WindowOptions.of(7).withStride(3).withShuffle(5);
      Epoch ofArray = SlidingWindows.of(ids, options).epoch(2);
      Epoch ofSegment = SlidingWindows.of(segment, options).epoch(2);
      for (long b = 0; b < ofArray.batches(); b++) {
        assertThat(ofSegment.batch(b).targetIds()).isEqualTo(ofArray.batch(b).targetIds());
      }
    }
  }

  @Test
  void shuffledOrderIsTheDocumentedOneOnEveryMachine() {
    // From an independent implementation of the documented algorithm in Python.
    assertThat(order(10, 123, 0)).containsExactly(4, 6, 9, 5, 3, 0, 8, 2, 1, 7);
    assertThat(order(10, 123, 1)).containsExactly(1, 8, 6, 9, 4, 2, 5, 7, 0, 3);
    assertThat(order(10, -7, 0)).containsExactly(8, 6, 7, 2, 1, 5, 9, 3, 0, 4);
  }

  @Test
  void shuffleVisitsEveryWindowOnceAndRepeats() {
    int[] first = order(1_000, 42, 7);
    assertThat(first).isEqualTo(order(1_000, 42, 7)).isNotEqualTo(order(1_000, 42, 8));
    assertThat(Arrays.stream(first).sorted().toArray())
        .isEqualTo(IntStream.range(0, 1_000).toArray());
  }

  @Test
  void shuffleSendsEveryWindowEverywhereEquallyOften() {
    int[][] hits = new int[8][8];
    int epochs = 16_000;
    for (int epoch = 0; epoch < epochs; epoch++) {
      int[] order = order(8, 99, epoch);
      for (int place = 0; place < 8; place++) {
        hits[place][order[place]]++;
      }
    }
    // Binomial, n = 16000, p = 1/8: five standard deviations are 209.
    for (int[] place : hits) {
      for (int hit : place) {
        assertThat(hit).isBetween(epochs / 8 - 209, epochs / 8 + 209);
      }
    }
  }

  @Test
  void reusedBatchHoldsTheSameIdsAndShrinksAtTheEnd() {
    SlidingWindows windows =
        SlidingWindows.of(VERDICT_IDS, WindowOptions.of(5).withStride(2).withBatchSize(4));
    Epoch epoch = windows.epoch(0);
    TokenBatch reused = windows.newBatch();
    int[] array = reused.inputIds();
    for (int round = 0; round < 2; round++) {
      for (long b = 0; b < epoch.batches(); b++) {
        epoch.read(b, reused);
        TokenBatch fresh = epoch.batch(b);
        assertThat(reused.batchSize()).isEqualTo(fresh.batchSize());
        assertThat(reused.inputIds()).isSameAs(array).startsWith(fresh.inputIds());
        assertThat(reused.targetIds()).startsWith(fresh.targetIds());
      }
    }
    assertThat(windows.count() % 4).isNotZero();
    assertThat(reused.batchSize()).isEqualTo((int) (windows.count() % 4));
  }

  @Test
  void textOfMaxLengthOrLessIsAnErrorWithBothNumbers() {
    assertThat(SlidingWindows.of(new int[5], WindowOptions.of(4)).count()).isEqualTo(1);
    assertThatThrownBy(() -> SlidingWindows.of(new int[4], WindowOptions.of(4)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "the text has 4 tokens; a window of maxLength = 4 and its target, one token further,"
                + " need at least 5; use a longer text or a smaller maxLength");
  }

  @Test
  void countsWindowsBeyondTheRangeOfInt() {
    WindowOptions options = WindowOptions.of(1024).withStride(1).withBatchSize(8);
    long tokens = 1L << 40;
    assertThat(options.windows(tokens)).isEqualTo(tokens - 1024);
    assertThat(options.batches(tokens - 1024)).isEqualTo((tokens - 1024) / 8);
    assertThat(options.windows(1024)).isZero();
    assertThat(options.windows(0)).isZero();
  }

  @Test
  void wrongOptionsAreNamed() {
    assertThatThrownBy(() -> WindowOptions.of(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxLength = 0 is less than 1; give the number of ids in a window");
    assertThatThrownBy(() -> WindowOptions.of(4).withStride(-1))
        .hasMessageContaining("stride = -1 is less than 1");
    assertThatThrownBy(() -> WindowOptions.of(4).withBatchSize(0))
        .hasMessageContaining("batchSize = 0 is less than 1");
    assertThatThrownBy(() -> WindowOptions.of(1 << 20).withBatchSize(1 << 11))
        .hasMessageContaining("2147483648 ids")
        .hasMessageContaining("use a smaller batchSize");
    assertThat(WindowOptions.of(1 << 30).batchSize()).isEqualTo(1);
  }

  @Test
  void wrongPlacesAreNamed() {
    SlidingWindows windows = SlidingWindows.of(new int[20], WindowOptions.of(4).withBatchSize(2));
    Epoch epoch = windows.epoch(0);
    assertThatThrownBy(() -> epoch.batch(2))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("batch = 2 is out of range [0, 2)");
    assertThatThrownBy(() -> windows.read(4, new int[4], new int[4], 0))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessage("window = 4 is out of range [0, 4)");
    assertThatThrownBy(() -> windows.read(0, new int[4], new int[7], 1))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("row = 1 is out of range [0, 1) of inputIds");
    TokenBatch small = TokenBatch.of(new int[4], new int[4], 1, 4);
    assertThatThrownBy(() -> epoch.read(0, small))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("newBatch()");
    assertThatThrownBy(
            () -> SlidingWindows.of(MemorySegment.ofArray(new byte[41]), WindowOptions.of(4)))
        .hasMessageContaining("41 bytes");
    assertThatThrownBy(() -> TokenBatch.of(new int[4], new int[3], 1, 4))
        .hasMessageContaining("targetIds has 3 ids");
    assertThatThrownBy(() -> TokenBatch.of(new int[0], new int[0], 0, 4))
        .hasMessageContaining("batchSize = 0");
    var iterator = epoch.iterator();
    iterator.next();
    iterator.next();
    assertThatThrownBy(iterator::next).isInstanceOf(NoSuchElementException.class);
  }

  private static int[] order(int count, long seed, long epoch) {
    int[] ids = IntStream.rangeClosed(0, count).toArray();
    WindowOptions options = WindowOptions.of(1).withBatchSize(count).withShuffle(seed);
    return SlidingWindows.of(ids, options).epoch(epoch).batch(0).inputIds();
  }

  private static int[] row(int[] ids, int row, int seqLen) {
    return Arrays.copyOfRange(ids, row * seqLen, (row + 1) * seqLen);
  }
}
