package dev.embedcl.text;

import java.io.IOException;
import java.io.Reader;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Encodes one text through a buffer of fixed size, with the result of encoding it whole.
 *
 * <p>A piece is encoded once its end no longer depends on text that has not been read; a piece
 * longer than the buffer goes to a {@link LongPiece} bit by bit. For one thread, one text.
 */
final class TextStream {
  private static final char[] END_OF_TEXT = Gpt2Vocabulary.END_OF_TEXT.toCharArray();

  private final TokenSink sink;
  private final PieceEncoder pieces;
  private final char[] buffer;
  private int start;
  private int end;
  private boolean endOfInput;

  /** UTF-16 units read, and those of them that are the second half of a pair. */
  private long units;

  private long lowSurrogates;

  private long tokens;
  private boolean highPending;

  /** The piece that outgrew the buffer, if one is open, and the kind of its characters. */
  private @Nullable LongPiece open;

  private byte openKind;

  /**
   * Prepares a stream.
   *
   * @param bufferChars more than the length of the special token and a piece's look-ahead: 32
   */
  TextStream(Gpt2Vocabulary vocabulary, TokenSink sink, int bufferChars) {
    this.sink =
        id -> {
          sink.accept(id);
          tokens++;
        };
    this.pieces = new PieceEncoder(vocabulary, this.sink);
    this.buffer = new char[bufferChars];
  }

  /** Encodes all that {@code reader} gives; further calls find the stream at its end. */
  EncodedLength encode(Reader reader) throws IOException {
    do {
      fill(reader);
      drain();
    } while (!endOfInput);
    return new EncodedLength(units - lowSurrogates, tokens);
  }

  private void fill(Reader reader) throws IOException {
    System.arraycopy(buffer, start, buffer, 0, end - start);
    end -= start;
    start = 0;
    while (end < buffer.length && !endOfInput) {
      int read = reader.read(buffer, end, buffer.length - end);
      if (read < 0) {
        endOfInput = true;
      } else {
        checkSurrogates(end, end + read);
        end += read;
      }
    }
    if (endOfInput && highPending) {
      throw loneSurrogate(units - 1, buffer[end - 1]);
    }
  }

  private void checkSurrogates(int from, int to) {
    for (int i = from; i < to; i++, units++) {
      char c = buffer[i];
      if (Character.isLowSurrogate(c) != highPending) {
        throw highPending ? loneSurrogate(units - 1, buffer[i - 1]) : loneSurrogate(units, c);
      }
      if (highPending) {
        lowSurrogates++;
      }
      highPending = Character.isHighSurrogate(c);
    }
  }

  private static IllegalArgumentException loneSurrogate(long index, char c) {
    return new IllegalArgumentException(
        String.format(
            "text[%d] = U+%04X is half of a surrogate pair without the other half, which is no"
                + " character; remove it",
            index, (int) c));
  }

  private void drain() throws IOException {
    while (start < end) {
      int special = indexOfEndOfText();
      boolean last = special >= 0 || endOfInput;
      int limit = special >= 0 ? special : endOfInput ? end : undecidedFrom();
      if (!encodePieces(limit, last)) {
        return;
      }
      if (special >= 0) {
        sink.accept(Gpt2Vocabulary.END_OF_TEXT_ID);
        start = special + END_OF_TEXT.length;
      }
    }
  }

  /** Encodes up to {@code limit}; false if more text must be read first. */
  private boolean encodePieces(int limit, boolean last) throws IOException {
    if (open != null && !continueLongPiece(open, limit, last)) {
      return false;
    }
    while (start < limit) {
      int pieceEnd = PieceScanner.pieceEnd(buffer, start, limit, last);
      if (pieceEnd == PieceScanner.UNDECIDED) {
        if (start == 0 && end == buffer.length) {
          openLongPiece(limit);
        }
        return false;
      }
      pieces.encode(buffer, start, pieceEnd);
      start = pieceEnd;
    }
    return last;
  }

  private void openLongPiece(int limit) throws IOException {
    LongPiece piece = pieces.longPiece();
    open = piece;
    openKind = PieceScanner.runKind(buffer, start, limit);
    if (buffer[start] == ' ' && openKind != PieceScanner.SPACE) {
      piece.append(buffer, start, ++start);
    }
    continueLongPiece(piece, limit, false);
  }

  /** Encodes more of the open piece; true once it is finished. */
  private boolean continueLongPiece(LongPiece piece, int limit, boolean last) throws IOException {
    if (start == limit && !last) {
      return false;
    }
    int pieceEnd = PieceScanner.runEnd(buffer, start, limit, openKind);
    boolean ended = pieceEnd < limit || last;
    boolean textMayFollow = pieceEnd < limit || !last;
    if (openKind == PieceScanner.SPACE && textMayFollow) {
      pieceEnd--; // as in PieceScanner; so one is always left over for the next call
    }
    piece.append(buffer, start, pieceEnd);
    start = pieceEnd;
    if (ended) {
      piece.finish();
      open = null;
    }
    return ended;
  }

  private int indexOfEndOfText() {
    int length = END_OF_TEXT.length;
    for (int i = start; i <= end - length; i++) {
      if (buffer[i] == '<' && Arrays.equals(buffer, i, i + length, END_OF_TEXT, 0, length)) {
        return i;
      }
    }
    return -1;
  }

  /** Returns where a special token could start of which the end has not been read. */
  private int undecidedFrom() {
    int from = Math.max(start, end - (END_OF_TEXT.length - 1));
    return from > start && Character.isHighSurrogate(buffer[from - 1]) ? from - 1 : from;
  }
}
