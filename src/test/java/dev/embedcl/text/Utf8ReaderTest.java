package dev.embedcl.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Utf8ReaderTest {
  @Test
  void readsWhatTheStreamHoldsHoweverItArrives() throws IOException {
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      String text = "\uFEFF" + RandomText.mixed(random, 50);
      InputStream trickle =
          new FilterInputStream(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))) {
            @Override
            public int read(byte[] target, int offset, int length) throws IOException {
              return super.read(target, offset, Math.min(length, random.nextInt(1, 4)));
            }
          };
      StringBuilder read = new StringBuilder();
      try (Utf8Reader reader = new Utf8Reader(trickle)) {
        for (int c = reader.read(); c >= 0; c = reader.read()) {
          read.append((char) c);
        }
      }
      assertThat(read.toString()).as("seed %d", seed).isEqualTo(text);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "61 62 FF 63, 2", // never a byte of UTF-8
    "61 C3 28, 1", // a lead byte without its continuation
    "80, 0", // a continuation alone
    "C0 80, 0", // overlong
    "ED A0 80, 0", // half a surrogate pair
    "F4 90 80 80, 0", // beyond U+10FFFF
    "61 E2 82, 1", // the end inside a character
    "E2 82 AC F0 9F 98, 3"
  })
  void namesTheOffsetOfTheFirstMalformedByte(String hex, long offset) {
    byte[] bytes = bytes(hex);
    MalformedUtf8Exception thrown =
        catchThrowableOfType(MalformedUtf8Exception.class, () -> readAll(bytes));
    assertThat(thrown.byteOffset()).isEqualTo(offset);
    assertThat(thrown).hasMessageContaining("byte " + offset + " (0x");
  }

  @Test
  void offsetCountsFromTheStartOfALongStream() {
    for (int good : new int[] {65_535, 65_536, 65_537, 200_001}) {
      byte[] bytes = new byte[good + 1];
      Arrays.fill(bytes, (byte) 'a');
      bytes[good] = (byte) 0xE9;
      assertThatThrownBy(() -> readAll(bytes)).hasMessageContaining("byte " + good + " (0xE9)");
    }
  }

  @Test
  void charactersBeforeTheMalformedByteAreDelivered() throws IOException {
    try (Utf8Reader reader = new Utf8Reader(new ByteArrayInputStream(bytes("61 62 FF")))) {
      char[] read = new char[10];
      assertThat(reader.read(read, 0, 10)).isEqualTo(2);
      assertThat(read).startsWith('a', 'b');
      assertThatThrownBy(() -> reader.read(read, 0, 10)).hasMessageContaining("byte 2");
    }
  }

  private static byte[] bytes(String hex) {
    String[] parts = hex.split(" ", -1);
    byte[] bytes = new byte[parts.length];
    for (int i = 0; i < parts.length; i++) {
      bytes[i] = (byte) Integer.parseInt(parts[i], 16);
    }
    return bytes;
  }

  private static void readAll(byte[] bytes) throws IOException {
    try (Utf8Reader reader = new Utf8Reader(new ByteArrayInputStream(bytes))) {
      char[] sink = new char[1000];
      while (reader.read(sink, 0, sink.length) >= 0) {
        // Reads on until the end or the error.
      }
    }
  }
}
