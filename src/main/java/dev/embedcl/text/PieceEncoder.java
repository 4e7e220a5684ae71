package dev.embedcl.text;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;

/**
 * Encodes pieces into a sink, remembering the short ones: text repeats its words, and a look-up is
 * many times faster than byte pair encoding. For one thread.
 */
final class PieceEncoder {
  /** Longer pieces rarely come again. */
  private static final int MAX_REMEMBERED_CHARS = 32;

  /** About 10 MB of pieces; then the memory starts anew. */
  private static final int MAX_REMEMBERED_PIECES = 1 << 16;

  /** From here on jtokkit's time grows faster than the piece, and {@link LongPiece} takes over. */
  private static final int MAX_WHOLE_CHARS = 512;

  private final Gpt2Vocabulary vocabulary;
  private final TokenSink sink;
  private final Map<String, int[]> remembered = new HashMap<>();

  PieceEncoder(Gpt2Vocabulary vocabulary, TokenSink sink) {
    this.vocabulary = vocabulary;
    this.sink = sink;
  }

  void encode(char[] text, int start, int end) throws IOException {
    if (end - start > MAX_WHOLE_CHARS) {
      LongPiece piece = longPiece();
      piece.append(text, start, end);
      piece.finish();
      return;
    }
    String piece = new String(text, start, end - start);
    int[] ids = remembered.get(piece);
    if (ids == null) {
      ids = vocabulary.encodePiece(piece);
      if (piece.length() <= MAX_REMEMBERED_CHARS) {
        if (remembered.size() == MAX_REMEMBERED_PIECES) {
          remembered.clear();
        }
        remembered.put(piece, ids);
      }
    }
    for (int id : ids) {
      sink.accept(id);
    }
  }

  LongPiece longPiece() {
    return new LongPiece(vocabulary, sink);
  }
}
