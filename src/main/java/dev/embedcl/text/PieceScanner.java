package dev.embedcl.text;

/**
 * Cuts text into the pieces that byte pair encoding never merges across.
 *
 * <p>This is the regular expression of GPT-2's {@code encoder.py}, {@code 's|'t|'re|'ve|'m|'ll|'d|
 * ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+}, as a scanner that can also answer "that
 * depends on what follows", which is what makes cutting a stream safe. White space is Unicode's
 * White_Space property, letters and numbers are the general categories L and N.
 */
final class PieceScanner {
  /** The piece's end depends on text beyond the limit. */
  static final int UNDECIDED = -1;

  static final byte SPACE = 0;
  static final byte LETTER = 1;
  static final byte NUMBER = 2;
  static final byte OTHER = 3;
  private static final byte SURROGATE = 4;

  private static final byte[] KINDS = kinds();

  private PieceScanner() {}

  /**
   * Returns the end of the piece that starts at {@code start}.
   *
   * @param limit the end of the known text, not inside a surrogate pair; {@code start < limit}
   * @param last whether the text ends at {@code limit}
   * @return a position in {@code (start, limit]}, or {@link #UNDECIDED}; never that if {@code last}
   */
  static int pieceEnd(char[] text, int start, int limit, boolean last) {
    char first = text[start];
    if (first == '\'') {
      int length = contraction(text, start, limit);
      if (length > 0) {
        return start + length;
      }
      if (length == UNDECIDED && !last) {
        return UNDECIDED;
      }
    }
    byte kind = runKind(text, start, limit);
    if (kind != SPACE) {
      int end = runEnd(text, start + (first == ' ' ? 1 : 0), limit, kind);
      return end < limit || last ? end : UNDECIDED;
    }
    int end = runEnd(text, start, limit, SPACE);
    if (end == limit) {
      return last ? end : UNDECIDED;
    }
    // \s+(?!\S): the last white space before text goes with that text, or stands alone.
    return end - start > 1 ? end - 1 : end;
  }

  /** Returns the kind of characters the piece at {@code start} repeats, a leading blank aside. */
  static byte runKind(char[] text, int start, int limit) {
    int from = text[start] == ' ' && start + 1 < limit ? start + 1 : start;
    return kindAt(text, from, limit);
  }

  /** Returns the first position from {@code start} on that is not of {@code kind}. */
  static int runEnd(char[] text, int start, int limit, byte kind) {
    int at = start;
    while (at < limit) {
      byte found = KINDS[text[at]];
      if (found == kind) {
        at++;
      } else if (found == SURROGATE && kindAt(text, at, limit) == kind) {
        at += 2;
      } else {
        return at;
      }
    }
    return limit;
  }

  /** Returns the length of 's, 't, 'm, 'd, 'll, 've or 're, 0 for none, or UNDECIDED. */
  private static int contraction(char[] text, int start, int limit) {
    if (start + 1 == limit) {
      return UNDECIDED;
    }
    char wanted;
    switch (text[start + 1]) {
      case 's', 't', 'm', 'd' -> {
        return 2;
      }
      case 'l' -> wanted = 'l';
      case 'v', 'r' -> wanted = 'e';
      default -> {
        return 0;
      }
    }
    if (start + 2 == limit) {
      return UNDECIDED;
    }
    return text[start + 2] == wanted ? 3 : 0;
  }

  private static byte kindAt(char[] text, int at, int limit) {
    byte kind = KINDS[text[at]];
    return kind == SURROGATE ? kindOf(Character.codePointAt(text, at, limit)) : kind;
  }

  private static byte kindOf(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.UPPERCASE_LETTER,
          Character.LOWERCASE_LETTER,
          Character.TITLECASE_LETTER,
          Character.MODIFIER_LETTER,
          Character.OTHER_LETTER ->
          LETTER;
      case Character.DECIMAL_DIGIT_NUMBER, Character.LETTER_NUMBER, Character.OTHER_NUMBER ->
          NUMBER;
      case Character.SPACE_SEPARATOR, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
          SPACE;
      default -> (codePoint >= '\t' && codePoint <= '\r') || codePoint == 0x85 ? SPACE : OTHER;
    };
  }

  private static byte[] kinds() {
    byte[] kinds = new byte[1 << 16];
    for (int c = 0; c < kinds.length; c++) {
      kinds[c] = Character.isSurrogate((char) c) ? SURROGATE : kindOf(c);
    }
    return kinds;
  }
}
