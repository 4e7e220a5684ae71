package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files that reference/io_files.py made with NumPy. */
class NpyReferenceTest {
  private static final Path REFERENCE = Path.of("src/test/resources/reference/io");

  @TempDir private Path directory;

  private static Path file(String name) {
    return REFERENCE.resolve(name + ".npy");
  }

  @ParameterizedTest
  @CsvSource({
    "f64, FLOAT64",
    "f32, FLOAT32",
    "f16, FLOAT16",
    "i64, INT64",
    "i32, INT32",
    "i16, INT16",
    "i8, INT8",
    "u8, UINT8",
    "bool, BOOL",
  })
  void everyTypeIsRead(String name, DType type) throws IOException {
    try (NpyReader reader = Npy.open(file(name))) {
      assertThat(reader.type()).isEqualTo(type);
      assertThat(reader.shape()).isEqualTo(Shape.of(2, 3));
      assertThat(reader.tensor().segment().byteSize()).isEqualTo(6L * type.bytes());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "f64",
        "f32",
        "f16",
        "i64",
        "i32",
        "i16",
        "i8",
        "u8",
        "bool",
        "scalar",
        "vector",
        "empty",
        "rank_32",
        "long_first_size"
      })
  void whatIsWrittenAreTheBytesOfNumPy(String name) throws IOException {
    Path copy = directory.resolve("copy.npy");
    try (HostTensor tensor = Npy.load(file(name))) {
      Npy.save(copy, tensor);
    }
    assertThat(copy).hasSameBinaryContentAs(file(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"f32", "version_2", "version_3", "python_2", "big_endian_f4"})
  void valuesAreThoseOfNumPyInEveryVersionAndByteOrder(String name) throws IOException {
    try (NpyReader reader = Npy.open(file(name))) {
      assertThat(reader.shape()).isEqualTo(Shape.of(2, 3));
      assertThat(reader.tensor().toFloatArray())
          .containsExactly(0f, -1.5f, 0.1f, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, Float.NaN);
      assertThat(reader.tensor()).as("made once").isSameAs(reader.tensor());
      assertThat(reader.tensor().segment().isReadOnly()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"f8", "f4", "f2", "i8", "i4", "i2"})
  void bigEndianFilesAreConverted(String kind) throws IOException {
    String little = kind.charAt(0) + Integer.toString(8 * (kind.charAt(1) - '0'));
    try (NpyReader big = Npy.open(file("big_endian_" + kind));
        NpyReader same = Npy.open(file(little))) {
      assertThat(big.type()).isEqualTo(same.type());
      assertThat(big.tensor().segment().mismatch(same.tensor().segment())).isEqualTo(-1);
    }
  }

  @Test
  void scalarsVectorsAndEmptyArraysKeepTheirShapes() throws IOException {
    try (HostTensor scalar = Npy.load(file("scalar"));
        HostTensor vector = Npy.load(file("vector"));
        HostTensor empty = Npy.load(file("empty"))) {
      assertThat(scalar.shape()).isEqualTo(Shape.of());
      assertThat(scalar.toFloatArray()).containsExactly(2.5f);
      assertThat(vector.shape()).isEqualTo(Shape.of(5));
      assertThat(vector.toIntArray()).containsExactly(0, 1, 2, 3, 4);
      assertThat(empty.shape()).isEqualTo(Shape.of(0, 3));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fortran     | column by column | numpy.ascontiguousarray",
        "structured  | structured type  | array['name']",
        "complex     | '<c8'            | array.astype",
        "unicode     | '<U1'            | array.astype",
      })
  void whatCannotBeReadIsRefusedWithACure(String name, String cause, String cure) {
    assertThatThrownBy(() -> Npy.open(file(name)).close())
        .isExactlyInstanceOf(MalformedFileException.class)
        .hasMessageStartingWith(file(name) + ": ")
        .hasMessageContainingAll(cause, cure);
  }

  @Test
  void sixtyFourBitValuesAreExact() throws IOException {
    try (NpyReader reader = Npy.open(file("big_endian_i8"))) {
      assertThat(reader.tensor().segment().toArray(ValueLayout.JAVA_LONG))
          .containsExactly(0, 1, 2, 100, Long.MAX_VALUE, Long.MIN_VALUE);
    }
  }
}
