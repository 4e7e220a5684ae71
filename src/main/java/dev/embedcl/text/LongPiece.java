package dev.embedcl.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Encodes one piece of any length, such as a megabyte of letters without a blank, in bounded memory
 * and linear time, with the result of encoding it whole.
 *
 * <p>The text is encoded in overlapping windows, and two windows are joined at a token T that both
 * have at the same place. Why that is exact: byte pair encoding always makes the merge of lowest
 * rank, leftmost first. Let XT encode to tokens with a boundary between X and T, and TZ likewise
 * between T and Z. Were there a first merge across one of the two boundaries when XTZ is encoded,
 * say across X|T, then all merges before it lay inside X, T or Z, those inside XT were the same
 * ones, in the same order, as when XT is encoded alone, and this merge, lowest of all, would be the
 * next one there too; but XT alone never merges across. So XTZ is the tokens of X, T and those of
 * Z. By the same argument each run of tokens encodes to itself, so a window may start at any token.
 */
final class LongPiece {
  /** Bytes that two windows share at first; more when they agree on no token. */
  private static final int OVERLAP_BYTES = 128;

  /** New bytes that each window brings. */
  private static final int STEP_BYTES = 384;

  /** Bytes kept to fall back on. No token is longer than 128 bytes. */
  private static final int KEPT_BYTES = 1 << 14;

  private final Gpt2Vocabulary vocabulary;
  private final TokenSink sink;
  private final int overlapBytes;
  private final int stepBytes;
  private final int keptBytes;

  /** Text not yet handed on; it starts at a token, and at a character. */
  private byte[] text = new byte[1 << 12];

  private int textEnd;

  /** The tokens of {@code text[0, encodedEnd)}, each by its id and its end. */
  private int[] ids = new int[1 << 10];

  private int[] ends = new int[1 << 10];
  private int tokens;
  private int encodedEnd;

  /** Whether tokens of this piece were handed on, so that {@code text} does not start with it. */
  private boolean continued;

  LongPiece(Gpt2Vocabulary vocabulary, TokenSink sink) {
    this(vocabulary, sink, OVERLAP_BYTES, STEP_BYTES, KEPT_BYTES);
  }

  /** For tests, which need windows small enough to disagree. */
  LongPiece(
      Gpt2Vocabulary vocabulary, TokenSink sink, int overlapBytes, int stepBytes, int keptBytes) {
    this.vocabulary = vocabulary;
    this.sink = sink;
    this.overlapBytes = overlapBytes;
    this.stepBytes = stepBytes;
    this.keptBytes = keptBytes;
  }

  /**
   * Takes the next characters of the piece, surrogate pairs whole.
   *
   * @throws IllegalArgumentException if the windows agree on no token in the kept bytes
   */
  void append(char[] source, int start, int end) throws IOException {
    byte[] added = new String(source, start, end - start).getBytes(StandardCharsets.UTF_8);
    if (textEnd + added.length > text.length) {
      text = Arrays.copyOf(text, Math.max(text.length * 2, textEnd + added.length));
    }
    System.arraycopy(added, 0, text, textEnd, added.length);
    textEnd += added.length;
    while (textEnd - encodedEnd > stepBytes) {
      encodeUpTo(characterStart(encodedEnd + stepBytes));
      if (encodedEnd > 2 * keptBytes) {
        handOn(lastStart(encodedEnd - keptBytes));
      }
    }
  }

  /**
   * Hands on what is left of the piece.
   *
   * @throws IllegalArgumentException as {@link #append} does
   */
  void finish() throws IOException {
    if (textEnd > encodedEnd) {
      encodeUpTo(textEnd);
    }
    handOn(tokens);
  }

  private void encodeUpTo(int end) {
    for (long back = overlapBytes; ; back *= 4) {
      int first = lastStart(Math.max(0, encodedEnd - back));
      int start = first == 0 ? 0 : ends[first - 1];
      int[] fresh =
          vocabulary.encodePiece(new String(text, start, end - start, StandardCharsets.UTF_8));
      if (start == 0 && !continued) {
        tokens = 0;
        add(fresh, 0, 0);
      } else if (!join(first, start, fresh)) {
        if (start == 0) {
          throw new IllegalArgumentException(
              "a run of characters without a break cannot be encoded in bounded memory: its tokens"
                  + " depend on more than "
                  + encodedEnd
                  + " bytes of what follows; break the run, for example by a line end");
        }
        continue;
      }
      encodedEnd = end;
      return;
    }
  }

  /** Replaces the tokens behind the first one that both encodings have; false if none is. */
  private boolean join(int first, int start, int[] fresh) {
    int old = first;
    int oldStart = start;
    int freshStart = start;
    int i = 0;
    while (i < fresh.length && old < tokens) {
      int freshEnd = freshStart + vocabulary.bytes(fresh[i]).length;
      int oldEnd = ends[old];
      if (freshStart == oldStart && freshEnd == oldEnd) {
        tokens = old + 1;
        add(fresh, i + 1, freshEnd);
        return true;
      }
      if (freshEnd <= oldEnd) {
        freshStart = freshEnd;
        i++;
      }
      if (freshEnd >= oldEnd) {
        oldStart = oldEnd;
        old++;
      }
    }
    return false;
  }

  private void add(int[] fresh, int from, int start) {
    int end = start;
    int needed = tokens + fresh.length - from;
    if (needed > ids.length) {
      ids = Arrays.copyOf(ids, Math.max(ids.length * 2, needed));
      ends = Arrays.copyOf(ends, ids.length);
    }
    for (int i = from; i < fresh.length; i++) {
      end += vocabulary.bytes(fresh[i]).length;
      ids[tokens] = fresh[i];
      ends[tokens++] = end;
    }
  }

  /** Returns the last token that starts at a character and not behind {@code limit}, or 0. */
  private int lastStart(long limit) {
    int token = tokens;
    while (token > 0 && (ends[token - 1] > limit || !isCharacterStart(ends[token - 1]))) {
      token--;
    }
    return token;
  }

  private void handOn(int count) throws IOException {
    continued |= count > 0;
    for (int i = 0; i < count; i++) {
      sink.accept(ids[i]);
    }
    int shift = count == 0 ? 0 : ends[count - 1];
    System.arraycopy(text, shift, text, 0, textEnd - shift);
    textEnd -= shift;
    encodedEnd -= shift;
    tokens -= count;
    System.arraycopy(ids, count, ids, 0, tokens);
    for (int i = 0; i < tokens; i++) {
      ends[i] = ends[i + count] - shift;
    }
  }

  private int characterStart(int offset) {
    int at = offset;
    while (!isCharacterStart(at)) {
      at++;
    }
    return at;
  }

  private boolean isCharacterStart(int offset) {
    return offset == textEnd || (text[offset] & 0xC0) != 0x80;
  }
}
