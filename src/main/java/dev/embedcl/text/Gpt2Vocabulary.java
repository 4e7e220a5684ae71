package dev.embedcl.text;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import com.knuddels.jtokkit.api.IntArrayList;
import java.nio.charset.StandardCharsets;

/**
 * GPT-2's tokens and merges: jtokkit's {@code r50k_base}, and the one special token beside it.
 *
 * <p>Immutable; any thread may use it.
 */
final class Gpt2Vocabulary {
  static final String END_OF_TEXT = "<|endoftext|>";
  static final int END_OF_TEXT_ID = 50256;
  static final int SIZE = 50257;

  private final Encoding encoding;
  private final byte[][] tokens = new byte[SIZE][];

  Gpt2Vocabulary() {
    encoding = Encodings.newLazyEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
    IntArrayList single = new IntArrayList(1);
    for (int id = 0; id < END_OF_TEXT_ID; id++) {
      single.clear();
      single.add(id);
      tokens[id] = encoding.decodeBytes(single);
    }
    tokens[END_OF_TEXT_ID] = END_OF_TEXT.getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the ids of one piece, or of any part of one. */
  int[] encodePiece(String piece) {
    return encoding.encodeOrdinary(piece).toArray();
  }

  /** Returns a token's bytes, not to be changed; {@code id} must be in [0, SIZE). */
  byte[] bytes(int id) {
    return tokens[id];
  }
}
