package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against files that reference/io_files.py made with an implementation of its own. */
class SafetensorsReferenceTest {
  private static final Path REFERENCE = Path.of("src/test/resources/reference/io");

  @TempDir private Path directory;

  @Test
  void everyTypeIsReadAsItWasWritten() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(REFERENCE.resolve("all_types.safetensors"))) {
      assertThat(reader.names()).hasSize(DType.values().length);
      assertThat(reader.names().stream().map(name -> reader.spec(name).type()))
          .containsExactlyInAnyOrder(DType.values());
      assertThat(reader.names().stream().map(name -> reader.spec(name).shape()))
          .containsOnly(Shape.of(2, 3));
      assertThat(reader.tensor("tensor F32").toFloatArray())
          .containsExactly(0f, -1.5f, 0.1f, Float.MAX_VALUE, Float.NEGATIVE_INFINITY, Float.NaN);
      assertThat(reader.tensor("tensor I32").toIntArray())
          .containsExactly(0, 1, 2, 100, Integer.MAX_VALUE, Integer.MIN_VALUE);
      assertThat(reader.tensor("tensor I64").segment().toArray(ValueLayout.JAVA_LONG))
          .containsExactly(0, 1, 2, 100, Long.MAX_VALUE, Long.MIN_VALUE);
      assertThat(reader.tensor("tensor F64").segment().toArray(ValueLayout.JAVA_DOUBLE))
          .startsWith(0, -1.5, 0.1, Double.MAX_VALUE);
      assertThat(reader.tensor("tensor I8").segment().toArray(ValueLayout.JAVA_BYTE))
          .containsExactly(0, 1, 2, 100, 127, -128);
    }
  }

  @Test
  void metadataMayHoldAnyText() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(REFERENCE.resolve("all_types.safetensors"))) {
      assertThat(reader.metadata())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  "", "no key",
                  "a", "zwölf ☕ 𝄞",
                  "seed", "123",
                  "text", "line\nline \"quoted\" \\ / \t"));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"all_types", "shapes", "no_tensors"})
  void writingWhatWasReadGivesTheSameBytesInWhateverOrder(String name) throws IOException {
    Path file = REFERENCE.resolve(name + ".safetensors");
    Path copy = directory.resolve("copy.safetensors");
    try (SafetensorsReader reader = Safetensors.open(file)) {
      List<String> names = new ArrayList<>(reader.names());
      Collections.reverse(names);
      Map<String, HostTensor> tensors = new LinkedHashMap<>();
      names.forEach(each -> tensors.put(each, reader.tensor(each)));
      Safetensors.save(copy, tensors, reader.metadata());
    }
    assertThat(copy).hasSameBinaryContentAs(file);
  }

  @Test
  void emptyTensorsAndScalarsAreRead() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(REFERENCE.resolve("shapes.safetensors"))) {
      assertThat(reader.names()).containsExactly("", "empty", "empty too", "scalar", "wide");
      assertThat(reader.tensor("scalar").shape()).isEqualTo(Shape.of());
      assertThat(reader.tensor("scalar").toFloatArray()).containsExactly(5f);
      assertThat(reader.tensor("empty").shape()).isEqualTo(Shape.of(0, 4));
      assertThat(reader.tensor("empty too").toFloatArray()).isEmpty();
      assertThat(reader.tensor("wide").toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(reader.metadata()).isEmpty();
    }
  }

  @Test
  void misalignedTensorsAreCopiedOnceAndReadable() throws IOException {
    try (SafetensorsReader reader = Safetensors.open(REFERENCE.resolve("misaligned.safetensors"))) {
      assertThat(reader.segment("b").address() % 4).isNotZero();
      HostTensor tensor = reader.tensor("b");
      assertThat(tensor.segment().address() % 4).isZero();
      assertThat(tensor.segment().isReadOnly()).isTrue();
      assertThat(tensor.toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(reader.tensor("b")).isSameAs(tensor);
      assertThat(reader.segment("b").get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4)).isEqualTo(1f);
      assertThat(reader.tensor("c").segment().toArray(ValueLayout.JAVA_LONG))
          .containsExactly(Long.MIN_VALUE, Long.MAX_VALUE);
      assertThat(reader.tensor("a").segment().address())
          .as("bytes are always aligned, so nothing is copied")
          .isEqualTo(reader.segment("a").address());
    }
  }

  @Test
  void tensorsBesideTypesOfOtherLibrariesAreRead() throws IOException {
    Path file = REFERENCE.resolve("foreign_types.safetensors");
    try (SafetensorsReader reader = Safetensors.open(file)) {
      assertThat(reader.names()).containsExactly("u64", "u32", "f32", "u16", "f8");
      assertThat(reader.tensor("f32").toFloatArray()).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(reader.contains("f8")).isTrue();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> reader.tensor("f8"))
          .withMessageContainingAll("'f8'", file.toString(), "F8_E4M3", "convert", "F32");
      MemorySegment raw = reader.segment("f8");
      assertThat(raw.toArray(ValueLayout.JAVA_BYTE)).containsExactly(0x38, 0x40);
    }
  }
}
