package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NpyTest {
  @TempDir private Path directory;

  private Path raw(byte[] start, String header, int dataBytes) throws IOException {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    byte[] bytes = Arrays.copyOf(start, start.length + 2 + text.length + dataBytes);
    bytes[start.length] = (byte) text.length;
    bytes[start.length + 1] = (byte) (text.length >> 8);
    System.arraycopy(text, 0, bytes, start.length + 2, text.length);
    return Files.write(directory.resolve("raw.npy"), bytes);
  }

  private Path raw(String header, int dataBytes) throws IOException {
    return raw(new byte[] {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0}, header, dataBytes);
  }

  /** Every header stands before 24 bytes of data; D and F are right values of two keys. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      quoteCharacter = '`',
      value = {
        "`` ~ has its end at character 0 instead of '{'",
        "{ ~ has its end at character 1 instead of a string",
        "{} ~ lacks one of the keys",
        "{D, F} ~ lacks one of the keys",
        "{D, F, 'shape': (6,) ~ instead of '}'",
        "{D, F, 'shape': (6,)} x ~ 'x' at character",
        "{D, F, 'shape': (6,), 'more': 1} ~ unknown key 'more'",
        "{D, D, F, 'shape': (6,)} ~ key 'descr' twice",
        "{D F, 'shape': (6,)} ~ instead of '}'",
        "{D, F, 'shape' (6,)} ~ instead of ':'",
        "{D, F, 'shape': 6} ~ instead of '('",
        "{D, F, 'shape': (6)} ~ has a comma: (3,)",
        "{D, F, 'shape': (2 3)} ~ instead of ',' or ')'",
        "{D, F, 'shape': (-6,)} ~ '-' at character",
        "{D, F, 'shape': (6.0,)} ~ '.' at character",
        "{D, F, 'shape': (,)} ~ ',' at character",
        "{D, F, 'shape': (0x6,)} ~ 'x' at character",
        "{D, F, 'shape': (9223372036854775808,)} ~ limit is 2^63-1",
        "{D, F, 'shape': (99999999999999999999,)} ~ limit is 2^63-1",
        "{D, F, 'shape': (4294967296, 4294967296)} ~ more than 2^63-1 elements",
        "{D, F, 'shape': (4611686018427387904,)} ~ too few for FLOAT32 of shape",
        "{D, F, 'shape': (7,)} ~ has 24 bytes of data, too few for FLOAT32 of shape [7]",
        "{D, F, 'shape': (5,)} ~ has 4 bytes behind its array of shape [5]",
        "{D, 'fortran_order': 0, 'shape': (6,)} ~ True or False",
        "{D, 'fortran_order': True, 'shape': (2, 3)} ~ numpy.ascontiguousarray",
        "{'descr': '<f4, F, 'shape': (6,)} ~ instead of",
        "{'descr': 'f4', F, 'shape': (6,)} ~ element type 'f4'",
        "{'descr': '=f4', F, 'shape': (6,)} ~ element type '=f4'",
        "{'descr': '|f4', F, 'shape': (6,)} ~ element type '|f4'",
        "{'descr': '', F, 'shape': (6,)} ~ element type ''",
        "{'descr': '<f\\x34', F, 'shape': (6,)} ~ escape",
        "{'descr': '<f4 ~ string without end",
        "{'descr': __import__('os'), F} ~ '_' at character",
      })
  void headersThatBreakARuleAreRefused(String header, String message) throws IOException {
    Path file = raw(filled(header), 24);
    assertThatThrownBy(() -> Npy.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{D, F, 'shape': (6,), }",
        "{'shape':(6,),F,D}",
        "{ D , F , 'shape' : ( 6 , ) , } ",
        "{D, F, 'shape': (6L,)}",
        "{D, 'fortran_order': True, 'shape': (1, 6)}",
        "{\"descr\": \"<f4\", F, 'shape': (6,)}",
      })
  void headersMayBeSpacedAndOrderedOtherwise(String header) throws IOException {
    try (NpyReader reader = Npy.open(raw(filled(header), 24))) {
      assertThat(reader.tensor().elements()).isEqualTo(6);
    }
  }

  private static String filled(String header) {
    return header
        .replaceAll("\\bD\\b", "'descr': '<f4'")
        .replaceAll("\\bF\\b", "'fortran_order': False");
  }

  @Test
  void misalignedDataIsCopied() throws IOException {
    for (String spaces = ""; spaces.length() < 4; spaces += " ") {
      Path file = raw("{'descr': '<f4', 'fortran_order': False, 'shape': (6,)}" + spaces, 24);
      try (NpyReader reader = Npy.open(file)) {
        assertThat(reader.tensor().toFloatArray()).hasSize(6).containsOnly(0f);
      }
    }
  }

  @Test
  void otherFilesAndVersionsAreRefused() throws IOException {
    byte[] version4 = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 4, 0};
    byte[] zip = {'P', 'K', 3, 4, 0, 0, 0, 0};
    assertThatThrownBy(() -> Npy.open(raw(version4, "{}", 0)).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining("version 4.0");
    assertThatThrownBy(() -> Npy.open(raw(zip, "{}", 0)).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining(".npz");
    assertThatThrownBy(() -> Npy.open(raw(new byte[8], "{}", 0)).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining("numpy.save");
    Path empty = Files.write(directory.resolve("empty.npy"), new byte[0]);
    assertThatThrownBy(() -> Npy.open(empty).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContaining("ends after 0 bytes");
  }

  @Test
  void headersOfImpossibleLengthAreRefused() throws IOException {
    Path file = directory.resolve("long.npy");
    byte[] start = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, -1, -1, -1, -1};
    Files.write(file, start);
    assertThatThrownBy(() -> Npy.open(file).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageContainingAll("4294967295", "1048576");
  }

  @Test
  void anArrayOfMoreThanTwoGibibytesIsReadInPlace() throws IOException {
    Path file = directory.resolve("sparse.npy");
    MemorySegment header = NpyHeader.render(DType.FLOAT32, Shape.of(3_000_000, 256));
    try (RandomAccessFile sparse = new RandomAccessFile(file.toFile(), "rw")) {
      sparse.write(header.toArray(ValueLayout.JAVA_BYTE));
      sparse.setLength(header.byteSize() + 3_072_000_000L);
      sparse.seek(sparse.length() - 4);
      sparse.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(-2.5f)));
    }
    try (NpyReader reader = Npy.open(file)) {
      assertThat(reader.tensor().segment().getAtIndex(ValueLayout.JAVA_FLOAT, 767_999_999))
          .isEqualTo(-2.5f);
    }
  }

  @Test
  void rowsAreWrittenOneAfterTheOtherAndAppearTogether() throws IOException {
    Path file = directory.resolve("rows.npy");
    try (NpyWriter writer = Npy.create(file, DType.FLOAT32, Shape.of(3, 2))) {
      for (int row = 0; row < 3; row++) {
        assertThatIllegalStateException()
            .isThrownBy(writer::finish)
            .withMessageContaining((24 - 8 * row) + " of 24 bytes are missing");
        assertThat(file).doesNotExist();
        writer.write(MemorySegment.ofArray(new float[] {row, row + 0.5f}));
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write(MemorySegment.ofArray(new float[1])))
          .withMessageContaining("only 0 of 24 are left");
      writer.finish();
    }
    try (HostTensor tensor = Npy.load(file)) {
      assertThat(tensor.toFloatArray()).containsExactly(0, 0.5f, 1, 1.5f, 2, 2.5f);
    }
  }

  @Test
  void unfinishedFilesVanish() throws IOException {
    Path file = directory.resolve("rows.npy");
    Files.writeString(file, "old");
    try (NpyWriter writer = Npy.create(file, DType.FLOAT32, Shape.of(3, 2))) {
      writer.write(MemorySegment.ofArray(new float[2]));
    }
    assertThat(file).hasContent("old");
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void whatNumPyCannotReadIsNotWritten() {
    Path file = directory.resolve("no.npy");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Npy.create(file, DType.BFLOAT16, Shape.of(1)).close())
        .withMessageContainingAll("BFLOAT16", "FLOAT32", "safetensors");
    long[] sizes = new long[65];
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Npy.create(file, DType.FLOAT32, Shape.of(sizes)).close())
        .withMessageContainingAll("65 dimensions", "64");
    assertThat(directory).isEmptyDirectory();
  }

  @Test
  void theTensorEndsWithItsReader() throws IOException {
    Path file = directory.resolve("rows.npy");
    try (HostTensor tensor = HostTensor.of(Shape.of(2), 1f, 2f)) {
      Npy.save(file, tensor);
    }
    NpyReader reader = Npy.open(file);
    HostTensor tensor = reader.tensor();
    reader.close();
    reader.close();
    assertThatIllegalStateException().isThrownBy(tensor::toFloatArray);
    assertThatIllegalStateException()
        .isThrownBy(reader::tensor)
        .withMessageContainingAll(file.toString(), "closed");
  }
}
