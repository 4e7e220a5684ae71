package dev.embedcl.text;

import java.io.IOException;

/** Takes token ids one by one, in the order of the text. */
@FunctionalInterface
public interface TokenSink {
  /**
   * Takes the next id.
   *
   * @throws IOException if the id cannot be stored or passed on; the tokenizer stops and lets it
   *     through
   */
  void accept(int tokenId) throws IOException;
}
