package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class LongPieceTest {
  private static final Gpt2Vocabulary VOCABULARY = new Gpt2Vocabulary();
  private static final ReferenceBpe REFERENCE = new ReferenceBpe();

  @Test
  void windowsJoinToTheTokensOfTheWholePiece() throws IOException {
    for (long seed = 0; seed < 700; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      String run = RandomText.run(random, random.nextInt(1, 400));
      int overlap = random.nextInt(1, 40);
      int step = random.nextInt(1, 60);
      int kept = random.nextInt(200, 400);
      IntStream.Builder ids = IntStream.builder();
      LongPiece piece = new LongPiece(VOCABULARY, ids::add, overlap, step, kept);

      appendInParts(piece, run, random);
      piece.finish();

      assertThat(ids.build().toArray()).as("seed %d", seed).isEqualTo(REFERENCE.encode(run));
    }
  }

  @Test
  void defaultWindowsJoinOnPiecesOfThousands() throws IOException {
    for (long seed = 0; seed < 4; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      StringBuilder letters = new StringBuilder();
      int span = random.nextInt(2, 27);
      for (int i = 0; i < 3_000; i++) {
        letters.append((char) ('a' + random.nextInt(span)));
      }
      IntStream.Builder ids = IntStream.builder();
      LongPiece piece = new LongPiece(VOCABULARY, ids::add);
      appendInParts(piece, letters.toString(), random);
      piece.finish();

      assertThat(ids.build().toArray())
          .as("seed %d", seed)
          .isEqualTo(REFERENCE.encode(letters.toString()));
    }
  }

  @Test
  @Timeout(60)
  void runOfAMillionTakesTimeInProportion() throws IOException {
    char[] block = new char[1 << 16];
    Arrays.fill(block, 'a');
    long[] count = new long[2];
    LongPiece piece =
        new LongPiece(
            VOCABULARY,
            id -> {
              count[0]++;
              count[1] += id == 24794 ? 1 : 0; // "aaaa"
            });
    for (int i = 0; i < 16; i++) {
      piece.append(block, 0, block.length);
    }
    piece.finish();

    assertThat(count).containsExactly(1 << 18, 1 << 18);
  }

  @Test
  void windowsThatNeverAgreeAreRefused() {
    LongPiece piece = new LongPiece(VOCABULARY, id -> {}, 1, 3, 1);
    char[] text = "etaoinshrdlucmfwyp".repeat(40).toCharArray();

    assertThatThrownBy(() -> piece.append(text, 0, text.length))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("break the run");
  }

  private static void appendInParts(LongPiece piece, String text, SplittableRandom random)
      throws IOException {
    char[] chars = text.toCharArray();
    for (int start = 0; start < chars.length; ) {
      int end = Math.min(chars.length, start + random.nextInt(1, 100));
      if (end < chars.length && Character.isLowSurrogate(chars[end])) {
        end++;
      }
      piece.append(chars, start, end);
      start = end;
    }
  }
}
