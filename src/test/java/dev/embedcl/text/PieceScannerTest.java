package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class PieceScannerTest {
  private static final String[] STARTS = {"'", "'l", "'v", "'r", "''", " '", "", " ", "\n"};

  @Test
  void piecesAreThoseOfTheRegularExpression() {
    for (long seed = 0; seed < 1_500; seed++) {
      String text = RandomText.mixed(new SplittableRandom(seed), 30);
      List<String> pieces = new ArrayList<>();
      char[] chars = text.toCharArray();
      for (int start = 0; start < chars.length; ) {
        int end = PieceScanner.pieceEnd(chars, start, chars.length, true);
        pieces.add(text.substring(start, end));
        start = end;
      }
      assertThat(pieces).as("seed %d", seed).isEqualTo(ReferenceBpe.pieces(text));
    }
  }

  @Test
  void everyCharacterHasTheKindTheRegularExpressionGivesIt() {
    for (int codePoint = 0; codePoint <= Character.MAX_CODE_POINT; codePoint++) {
      if (codePoint >= 0xD800 && codePoint <= 0xDFFF) {
        continue;
      }
      // Between two letters every character but a letter makes a piece of its own.
      String text = "a" + Character.toString(codePoint) + "1";
      char[] chars = text.toCharArray();
      int first = PieceScanner.pieceEnd(chars, 0, chars.length, true);
      int second = PieceScanner.pieceEnd(chars, first, chars.length, true);
      List<String> wanted = ReferenceBpe.pieces(text);
      // A million assertion objects would take longer than the scan.
      if (!wanted.get(0).equals(text.substring(0, first))
          || !wanted.get(1).equals(text.substring(first, second))) {
        fail("U+%04X: cut at %d and %d, wanted %s", codePoint, first, second, wanted);
      }
    }
  }

  @Test
  void decidedEndHoldsForEveryContinuation() {
    String[] continuations = {"", "a", " ", "s", "l", "e", "'", "1", "!", "\n", "\uD83D\uDE00"};
    for (long seed = 0; seed < 3_000; seed++) {
      // Two of three start as a contraction may, which is what looks furthest ahead.
      String text = STARTS[(int) (seed % STARTS.length)];
      text += RandomText.mixed(new SplittableRandom(seed), (int) (seed / STARTS.length) % 4);
      if (text.isEmpty()) {
        continue;
      }
      char[] chars = text.toCharArray();
      int end = PieceScanner.pieceEnd(chars, 0, chars.length, false);
      for (String continuation : continuations) {
        char[] longer = (text + continuation).toCharArray();
        int longerEnd = PieceScanner.pieceEnd(longer, 0, longer.length, true);
        if (end != PieceScanner.UNDECIDED) {
          assertThat(longerEnd).as("seed %d + '%s'", seed, continuation).isEqualTo(end);
        }
      }
    }
  }
}
