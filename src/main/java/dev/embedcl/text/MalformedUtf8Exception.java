package dev.embedcl.text;

import java.io.Serial;
import java.nio.charset.CharacterCodingException;

/** Says where bytes that should be UTF-8 are not. */
public final class MalformedUtf8Exception extends CharacterCodingException {
  @Serial private static final long serialVersionUID = 1L;

  private final long byteOffset;
  private final int value;

  MalformedUtf8Exception(long byteOffset, int value) {
    this.byteOffset = byteOffset;
    this.value = value;
  }

  /** Returns where the malformed sequence starts, counted in bytes from the start of the input. */
  public long byteOffset() {
    return byteOffset;
  }

  @Override
  public String getMessage() {
    return String.format(
        "byte %d (0x%02X) is not valid UTF-8; convert the text first, for example with"
            + " iconv -f ISO-8859-1 -t UTF-8",
        byteOffset, value);
  }
}
