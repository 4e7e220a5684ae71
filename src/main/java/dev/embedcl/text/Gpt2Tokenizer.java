package dev.embedcl.text;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * GPT-2's byte pair encoding: 50,257 tokens, among them {@code <|endoftext|>}.
 *
 * <p>The ids are those of GPT-2's own encoder with the special token allowed, as {@code
 * tiktoken.get_encoding("gpt2").encode(text, allowed_special={"<|endoftext|>"})} gives them. The
 * vocabulary and the merges come from jtokkit's {@code r50k_base}; this class adds the special
 * token, streams, and pieces of any length. Letters, numbers and white space are what the running
 * JDK's Unicode version says they are.
 *
 * <p>Nothing is normalised: line ends stay as they are, and a byte order mark is a character like
 * any other.
 *
 * <p>Immutable; any thread may use it.
 */
public final class Gpt2Tokenizer {
  private static final int BUFFER_CHARS = 1 << 16;

  /** The special token is looked ahead for, so a short text takes a little more than its length. */
  private static final int MIN_BUFFER_CHARS = 32;

  private final Gpt2Vocabulary vocabulary;

  private Gpt2Tokenizer(Gpt2Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
  }

  /**
   * Returns the tokenizer; the first call loads the vocabulary, which takes about half a second and
   * 20 MB, and later calls share it.
   *
   * @throws IllegalStateException if jtokkit is not on the class path
   */
  public static Gpt2Tokenizer load() {
    try {
      return new Gpt2Tokenizer(Loaded.VOCABULARY);
    } catch (NoClassDefFoundError e) {
      throw new IllegalStateException(
          "the GPT-2 vocabulary needs com.knuddels:jtokkit on the class path, an optional"
              + " dependency of EmbedCL; add it to your build",
          e);
    }
  }

  /** Returns 50257, the number of rows of a token table for these ids. */
  public int vocabularySize() {
    return Gpt2Vocabulary.SIZE;
  }

  /** Returns 50256, the id of {@code <|endoftext|>}, the last in the vocabulary. */
  public int endOfTextId() {
    return Gpt2Vocabulary.END_OF_TEXT_ID;
  }

  /**
   * Encodes a text.
   *
   * @throws IllegalArgumentException if {@code text} has half a surrogate pair, which is no
   *     character
   */
  public int[] encode(String text) {
    IdList ids = new IdList(text.length() / 4 + 4);
    // One unit of room beyond the text, so that one fill of the buffer meets the end of input.
    int bufferChars = Math.max(MIN_BUFFER_CHARS, Math.min(BUFFER_CHARS, text.length() + 1));
    try {
      new TextStream(vocabulary, ids, bufferChars).encode(new StringReader(text));
    } catch (IOException e) {
      throw new UncheckedIOException("a string in memory could not be read", e);
    }
    return ids.toArray();
  }

  /**
   * Encodes all that {@code reader} still gives, in memory bounded by a few megabytes however long
   * the text or one run of its characters, with the ids that encoding the whole text would have.
   * Ids reach the sink as soon as they are certain; after an exception those before it have been
   * delivered. The reader is not closed.
   *
   * @throws IllegalArgumentException if the text has half a surrogate pair; or if a run of
   *     characters without a break has tokens that depend on more than 16 KB of what follows them,
   *     which is not known to occur
   * @throws IOException if the reader or the sink throws it
   */
  public EncodedLength encode(Reader reader, TokenSink sink) throws IOException {
    return new TextStream(vocabulary, sink, BUFFER_CHARS).encode(reader);
  }

  /**
   * Encodes UTF-8, as {@link #encode(Reader, TokenSink)} does. The stream is not closed.
   *
   * @throws MalformedUtf8Exception if a byte is not valid UTF-8; it names the offset
   * @throws IllegalArgumentException as {@link #encode(Reader, TokenSink)} does
   * @throws IOException if the input cannot be read or the sink throws it
   */
  @SuppressWarnings("resource") // closing the reader would close the caller's stream
  public EncodedLength encode(InputStream utf8, TokenSink sink) throws IOException {
    return encode(new Utf8Reader(utf8), sink);
  }

  /**
   * Encodes a UTF-8 file, as {@link #encode(Reader, TokenSink)} does.
   *
   * @throws MalformedUtf8Exception if a byte is not valid UTF-8; it names the offset
   * @throws IllegalArgumentException as {@link #encode(Reader, TokenSink)} does
   * @throws IOException if the file cannot be read or the sink throws it
   */
  public EncodedLength encode(Path utf8File, TokenSink sink) throws IOException {
    try (InputStream in = Files.newInputStream(utf8File)) {
      return encode(in, sink);
    }
  }

  /**
   * Returns the text of some ids. Bytes that are not UTF-8, as where the ids end inside a
   * character, become U+FFFD; {@link #decodeBytes} keeps them. For every text without half
   * surrogate pairs {@code decode(encode(text))} is {@code text}.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public String decode(int... ids) {
    return new String(decodeBytes(ids), StandardCharsets.UTF_8);
  }

  /**
   * Returns the bytes of some ids.
   *
   * @throws IllegalArgumentException if an id is not in the vocabulary
   */
  public byte[] decodeBytes(int... ids) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(ids.length * 4);
    for (int i = 0; i < ids.length; i++) {
      if (ids[i] < 0 || ids[i] >= Gpt2Vocabulary.SIZE) {
        throw new IllegalArgumentException(
            "ids["
                + i
                + "] = "
                + ids[i]
                + " is out of range [0, "
                + Gpt2Vocabulary.SIZE
                + "), GPT-2's vocabulary");
      }
      bytes.writeBytes(vocabulary.bytes(ids[i]));
    }
    return bytes.toByteArray();
  }

  private static final class Loaded {
    static final Gpt2Vocabulary VOCABULARY = new Gpt2Vocabulary();
  }

  /** Collects ids in an array that grows. */
  private static final class IdList implements TokenSink {
    private int[] ids;
    private int size;

    IdList(int capacity) {
      ids = new int[capacity];
    }

    @Override
    public void accept(int tokenId) {
      if (size == ids.length) {
        ids = Arrays.copyOf(ids, (int) Math.min(Integer.MAX_VALUE - 8, ids.length * 2L));
      }
      ids[size++] = tokenId;
    }

    int[] toArray() {
      return Arrays.copyOf(ids, size);
    }
  }
}
