package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsMalformedTest {
  @TempDir private Path directory;

  /** Every header stands before 24 bytes of data; {@code T} is a right tensor of 24 bytes. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{                                                               | not valid JSON",
        "{'a':T,}                                                        | not valid JSON",
        "{'a':T}x                                                        | not valid JSON",
        "{'a':T}{}                                                       | closing brace",
        "{'a':T,'a':T}                                                   | Duplicate",
        "{'a':T,'__metadata__':{},'__metadata__':{}}                     | Duplicate",
        "{'a':{'dtype':'F32','dtype':'F32','shape':[6],'data_offsets':[0,24]}} | Duplicate",
        "{'__metadata__':{'k':'1','k':'2'},'a':T}                        | Duplicate",
        "{'__metadata__':[],'a':T}                | __metadata__ must be a JSON object, not array",
        "{'__metadata__':{'k':1},'a':T}           | __metadata__ 'k' must be a JSON string",
        "{'__metadata__':{'k':{}},'a':T}          | __metadata__ 'k' must be a JSON string",
        "{'a':[]}                                 | 'a' must be a JSON object, not array",
        "{'a':null}                               | 'a' must be a JSON object, not null",
        "{'a':{}}                                 | 'a' lacks a dtype",
        "{'a':{'shape':[6],'data_offsets':[0,24]}}                       | 'a' lacks a dtype",
        "{'a':{'dtype':'F32','data_offsets':[0,24]}}                     | 'a' lacks a dtype",
        "{'a':{'dtype':'F32','shape':[6]}}                               | 'a' lacks a dtype",
        "{'a':{'dtype':7,'shape':[6],'data_offsets':[0,24]}}    | dtype must be a JSON string",
        "{'a':{'dtype':'F32','shape':6,'data_offsets':[0,24]}}  | shape must be a JSON array",
        "{'a':{'dtype':'F32','shape':[6.0],'data_offsets':[0,24]}} | shape[0] must be a JSON"
            + " integer",
        "{'a':{'dtype':'F32','shape':[6e0],'data_offsets':[0,24]}} | shape[0] must be a JSON"
            + " integer",
        "{'a':{'dtype':'F32','shape':['6'],'data_offsets':[0,24]}} | shape[0] must be a JSON"
            + " integer",
        "{'a':{'dtype':'F32','shape':[[6]],'data_offsets':[0,24]}} | shape[0] must be a JSON"
            + " integer",
        "{'a':{'dtype':'F32','shape':[NaN],'data_offsets':[0,24]}} | not valid JSON",
        "{'a':{'dtype':'F32','shape':[Infinity],'data_offsets':[0,24]}} | not valid JSON",
        "{'a':{'dtype':'F32','shape':[06],'data_offsets':[0,24]}} | not valid JSON",
        "{'a':{'dtype':'F32','shape':[-6],'data_offsets':[0,24]}} | shape[0] = -6 is out of range",
        "{'a':{'dtype':'F32','shape':[9223372036854775808],'data_offsets':[0,24]}} | out of range",
        "{'a':{'dtype':'F32','shape':[3037000500,3037000500],'data_offsets':[0,24]}} | 2^63-1",
        "{'a':{'dtype':'F32','shape':[4611686018427387910],'data_offsets':[0,24]}} | 2^63-1",
        "{'a':{'dtype':'F32','shape':[7],'data_offsets':[0,24]}} | F32 of shape [7] takes 28",
        "{'a':{'dtype':'F64','shape':[6],'data_offsets':[0,24]}} | F64 of shape [6] takes 48",
        "{'a':{'dtype':'F32','shape':[],'data_offsets':[0,24]}}  | F32 of shape [] takes 4",
        "{'a':{'dtype':'F32','shape':[0,6],'data_offsets':[0,24]}} | takes 0",
        "{'a':{'dtype':'F32','shape':[6],'data_offsets':[0]}}    | pair of data_offsets",
        "{'a':{'dtype':'F32','shape':[6],'data_offsets':[0,24,24]}} | more than 2 numbers",
        "{'a':{'dtype':'F32','shape':[6],'data_offsets':[24,0]}} | begin at 24 and end at 0",
        "{'a':{'dtype':'F32','shape':[6],'data_offsets':[-24,0]}} | out of range",
        "{'a':{'dtype':'F32','shape':[7],'data_offsets':[0,28]}} | only 24 bytes of it; it is"
            + " incomplete",
        "{'a':{'dtype':'F32','shape':[6],'data_offsets':[9223372036854775783,9223372036854775807]}}"
            + " | incomplete",
        "{'a':{'dtype':'F32','shape':[5],'data_offsets':[0,20]}} | 4 bytes follow the last tensor",
        "{'a':{'dtype':'F32','shape':[5],'data_offsets':[4,24]}} | begins at byte 4 of the data",
        "{'a':T,'b':T}                                           | neither gaps nor overlaps",
        "{'a':{'dtype':'X','shape':[1],'data_offsets':[0,8]},'b':{'dtype':'X','shape':[1],'data_offsets':[7,24]}}"
            + " | 'b' begins at byte 7",
        "{}                                                      | 24 bytes follow the last tensor",
        "[]                                                      | start with {",
        "' {}'                                                   | start with {",
      })
  void headersThatBreakARuleAreRefused(String header, String message) throws IOException {
    String right = "{'dtype':'F32','shape':[6],'data_offsets':[0,24]}";
    Path file = RawSafetensors.write(directory, header.replace("T", right).replace('\'', '"'), 24);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @Test
  void theRightHeaderOfTheseTestsIsAccepted() throws IOException {
    String header =
        "{'a':{'new':[{'x':[1]}],'dtype':'F32','shape':[6],'data_offsets':[0,24]}} \n"
            .replace('\'', '"');
    try (SafetensorsReader reader = Safetensors.open(RawSafetensors.write(directory, header, 24))) {
      assertThat(reader.tensor("a").elements()).isEqualTo(6);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "0, at least 10",
    "7, at least 10",
    "8, its header 100 bytes, but at most 0 are possible",
    "107, its header 100 bytes, but at most 99 are possible",
  })
  void filesThatEndBeforeTheirHeaderDoesAreRefused(int length, String message) throws IOException {
    byte[] bytes = new byte[length];
    if (length >= 8) {
      ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putLong(100);
    }
    Path file = Files.write(directory.resolve("short.safetensors"), bytes);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll(file.toString(), message, "Git LFS");
  }

  @ParameterizedTest
  @CsvSource({"-1, 18446744073709551615", "100000001, 100000001", "0, start with {"})
  void impossibleHeaderLengthsAreRefused(long length, String message) throws IOException {
    Path file = directory.resolve("sparse.safetensors");
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.writeLong(Long.reverseBytes(length));
      sparse.setLength(1L << 30);
    }
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining(message);
  }

  @Test
  void deepNestingIsRefused() throws IOException {
    for (String open : new String[] {"[", "{\"a\":"}) {
      String header = "{\"a\":{\"x\":" + open.repeat(200_000);
      Path file = RawSafetensors.write(directory, header, 0);
      assertThatThrownBy(() -> Safetensors.open(file).close())
          .isExactlyInstanceOf(MalformedFileException.class)
          .hasMessageContaining("nesting depth");
    }
  }

  @Test
  void numbersOfAMillionDigitsAreRefused() throws IOException {
    String number = "9".repeat(1_000_000);
    Path file = RawSafetensors.write(directory, "{\"a\":{\"shape\":[" + number + "]}}", 0);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .message()
        .hasSizeLessThan(1000);
  }

  @Test
  void shapesOfAMillionDimensionsAreRefused() throws IOException {
    String header = "{\"a\":{\"dtype\":\"F32\",\"shape\":[1" + ",1".repeat(1_000_000) + "]}}";
    Path file = RawSafetensors.write(directory, header, 0);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining("more than 64 numbers");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{\"__metadata__\":{", "{\"a\":{\"x\":{"})
  void millionsOfKeysAreRefused(String start) throws IOException {
    StringBuilder header = new StringBuilder(start);
    for (int i = 0; i <= 1 << 20; i++) {
      header.append('"').append(Integer.toString(i, 36)).append("\":\"\",");
    }
    Path file = RawSafetensors.write(directory, header.toString(), 0);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining("more than 1048576 keys");
  }

  @Test
  void hostileNamesDoNotReachTheMessage() throws IOException {
    String name = "\\u001b[2J\\n\\u202e" + "x".repeat(100_000);
    Path file = RawSafetensors.write(directory, "{\"" + name + "\":0}", 0);
    assertThatThrownBy(() -> Safetensors.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .message()
        .contains("'\\u001b[2J\\u000a\\u202exxx")
        .doesNotContain("\u001b", "\n", "\u202e")
        .hasSizeLessThan(1000);
  }

  @Test
  void headersInOtherEncodingsAreRefused() throws IOException {
    byte[] latin1 = "{\"ä\":{}}".getBytes(StandardCharsets.ISO_8859_1);
    byte[] utf16 = "{}".getBytes(StandardCharsets.UTF_16LE);
    for (byte[] header : new byte[][] {latin1, utf16}) {
      Path file = directory.resolve("encoded.safetensors");
      Files.write(file, RawSafetensors.bytes(header, 0));
      assertThatThrownBy(() -> Safetensors.open(file).close())
          .isExactlyInstanceOf(MalformedFileException.class);
    }
  }

  @Test
  void missingFilesAndDirectoriesAreNamed() {
    Path missing = directory.resolve("missing.safetensors");
    assertThatThrownBy(() -> Safetensors.open(missing).close())
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(missing + ": does not exist");
    assertThatThrownBy(() -> Safetensors.open(directory).close())
        .isInstanceOf(IOException.class)
        .hasMessageContainingAll(directory.toString(), "is a directory");
    assertThatThrownBy(() -> Safetensors.open(Path.of("/dev/zero")).close())
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no regular file");
  }
}
