package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsReaderTest {
  @TempDir private Path directory;

  private Path saved(float... values) throws IOException {
    Path path = directory.resolve("saved.safetensors");
    try (HostTensor tensor = HostTensor.of(Shape.of(values.length), values)) {
      Safetensors.save(path, Map.of("wte.weight", tensor), Map.of());
    }
    return path;
  }

  @Test
  void aTableOfMoreThanTwoGibibytesIsReadInPlace() throws IOException {
    Path path = directory.resolve("sparse.safetensors");
    long rows = 3_000_000;
    long bytes = rows * 256 * Float.BYTES; // 3,072,000,000
    String header =
        "{\"w\":{\"dtype\":\"F32\",\"shape\":[%d,256],\"data_offsets\":[0,%d]}}"
            .formatted(rows, bytes);
    header += " ".repeat(-header.length() & 7);
    try (RandomAccessFile sparse = new RandomAccessFile(path.toFile(), "rw")) {
      sparse.writeLong(Long.reverseBytes(header.length()));
      sparse.write(header.getBytes(StandardCharsets.UTF_8));
      sparse.setLength(8 + header.length() + bytes);
      sparse.seek(sparse.length() - 8);
      sparse.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(1.25f)));
      sparse.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(-2.5f)));
    }
    try (SafetensorsReader reader = Safetensors.open(path)) {
      HostTensor table = reader.tensor("w");
      assertThat(table.shape()).isEqualTo(Shape.of(rows, 256));
      assertThat(table.segment().byteSize()).isEqualTo(bytes);
      long last = rows * 256 - 1;
      assertThat(table.segment().getAtIndex(ValueLayout.JAVA_FLOAT, last)).isEqualTo(-2.5f);
      assertThat(table.segment().getAtIndex(ValueLayout.JAVA_FLOAT, last - 1)).isEqualTo(1.25f);
      assertThat(table.segment().getAtIndex(ValueLayout.JAVA_FLOAT, 0)).isZero();
    }
  }

  @Test
  void tensorsEndWithTheirReader() throws IOException {
    SafetensorsReader reader = Safetensors.open(saved(1, 2, 3));
    HostTensor tensor = reader.tensor("wte.weight");
    tensor.close();
    assertThat(tensor.toFloatArray()).as("closing a view does nothing").containsExactly(1, 2, 3);
    reader.close();
    reader.close();
    assertThatIllegalStateException().isThrownBy(tensor::toFloatArray);
    assertThatIllegalStateException()
        .isThrownBy(() -> reader.tensor("wte.weight"))
        .withMessageContainingAll(reader.path().toString(), "closed");
    assertThatIllegalStateException().isThrownBy(() -> reader.segment("wte.weight"));
    assertThat(reader.names()).containsExactly("wte.weight");
  }

  @Test
  void tensorsAreReadOnly() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(saved(1, 2, 3))) {
      assertThat(reader.tensor("wte.weight").segment().isReadOnly()).isTrue();
      assertThat(reader.segment("wte.weight").isReadOnly()).isTrue();
    }
  }

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(saved(1))) {
      assertThat(reader.contains("wpe.weight")).isFalse();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> reader.tensor("wpe.weight"))
          .withMessageContainingAll("'wpe.weight'", "'wte.weight'", reader.path().toString());
    }
  }

  @Test
  void anOpenFileOutlivesItsReplacement() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(saved(1, 2, 3))) {
      saved(4);
      assertThat(reader.tensor("wte.weight").toFloatArray()).containsExactly(1, 2, 3);
      try (SafetensorsReader replaced = Safetensors.open(reader.path())) {
        assertThat(replaced.tensor("wte.weight").toFloatArray()).containsExactly(4);
      }
    }
  }
}
