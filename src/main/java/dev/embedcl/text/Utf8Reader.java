package dev.embedcl.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.Objects;

/**
 * Reads UTF-8 strictly: a malformed byte is an error that names its offset, never a replacement
 * character.
 *
 * <p>A byte order mark stays the character U+FEFF and line ends stay what they are. For one thread.
 */
public final class Utf8Reader extends Reader {
  private static final int BUFFER_BYTES = 1 << 16;

  private final InputStream in;
  private final CharsetDecoder decoder =
      StandardCharsets.UTF_8
          .newDecoder()
          .onMalformedInput(CodingErrorAction.REPORT)
          .onUnmappableCharacter(CodingErrorAction.REPORT);
  private final ByteBuffer bytes = ByteBuffer.allocate(BUFFER_BYTES).flip();
  private final CharBuffer chars = CharBuffer.allocate(BUFFER_BYTES).flip();

  /** Offset in the input of the first byte in {@link #bytes}' array. */
  private long arrayOffset;

  private boolean endOfInput;

  /** Reads from {@code in}, which {@link #close} closes. */
  public Utf8Reader(InputStream in) {
    this.in = Objects.requireNonNull(in, "in");
  }

  /**
   * Reads up to {@code length} UTF-16 units; the characters before a malformed byte are delivered
   * first.
   *
   * @return how many were read, or -1 at the end
   * @throws MalformedUtf8Exception if the next bytes are not UTF-8, or the input ends inside a
   *     character
   * @throws IOException if the input cannot be read
   */
  @Override
  public int read(char[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    if (length == 0) {
      return 0;
    }
    while (!chars.hasRemaining()) {
      if (!decodeMore()) {
        return -1;
      }
    }
    int count = Math.min(length, chars.remaining());
    chars.get(target, offset, count);
    return count;
  }

  private boolean decodeMore() throws IOException {
    if (endOfInput && !bytes.hasRemaining()) {
      return false;
    }
    chars.clear();
    CoderResult result = decoder.decode(bytes, chars, endOfInput);
    chars.flip();
    if (chars.hasRemaining()) {
      return true;
    }
    if (result.isError()) {
      throw new MalformedUtf8Exception(
          arrayOffset + bytes.position(), bytes.get(bytes.position()) & 0xFF);
    }
    fill();
    return true;
  }

  private void fill() throws IOException {
    arrayOffset += bytes.position();
    bytes.compact();
    int read = in.read(bytes.array(), bytes.position(), bytes.remaining());
    if (read < 0) {
      endOfInput = true;
    } else {
      bytes.position(bytes.position() + read);
    }
    bytes.flip();
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
