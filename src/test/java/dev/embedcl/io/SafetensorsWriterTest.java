package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  private static final TensorSpec IDS = new TensorSpec("ids", DType.INT64, Shape.of(3, 2));
  private static final TensorSpec ROWS = new TensorSpec("rows", DType.FLOAT32, Shape.of(3, 2, 4));

  @TempDir private Path directory;
  private Path path = Path.of("");

  @BeforeEach
  void choosePath() {
    path = directory.resolve("out.safetensors");
  }

  private SafetensorsWriter writer() throws IOException {
    return Safetensors.create(path, List.of(IDS, ROWS), Map.of("windows", "3"));
  }

  private static MemorySegment longs(long... values) {
    return MemorySegment.ofArray(values);
  }

  private List<String> files() throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void tensorsAreWrittenWindowByWindow() throws IOException {
    try (SafetensorsWriter writer = writer()) {
      for (int window = 0; window < 3; window++) {
        writer.write("ids", longs(window * 2L, window * 2L + 1));
        float[] rows = new float[8];
        for (int i = 0; i < 8; i++) {
          rows[i] = window * 8 + i;
        }
        writer.write("rows", MemorySegment.ofArray(rows));
      }
      writer.finish();
    }
    try (SafetensorsReader reader = Safetensors.open(path)) {
      assertThat(reader.tensor("ids").segment().toArray(ValueLayout.JAVA_LONG))
          .containsExactly(0, 1, 2, 3, 4, 5);
      float[] rows = reader.tensor("rows").toFloatArray();
      for (int i = 0; i < 24; i++) {
        assertThat(rows[i]).isEqualTo(i);
      }
      assertThat(reader.metadata()).isEqualTo(Map.of("windows", "3"));
    }
    assertThat(files()).containsExactly("out.safetensors");
  }

  @Test
  void chunksMayBeLargerThanOneSystemCallWrites() throws IOException {
    int elements = 3 * AtomicFile.SLICE_BYTES / Integer.BYTES + 5;
    int[] values = IntStream.range(0, elements).toArray();
    TensorSpec heap = new TensorSpec("heap", DType.INT32, Shape.of(elements));
    TensorSpec nativ = new TensorSpec("native", DType.INT32, Shape.of(elements));
    try (HostTensor tensor = HostTensor.of(Shape.of(elements), values);
        SafetensorsWriter writer = Safetensors.create(path, List.of(heap, nativ), Map.of())) {
      writer.write("heap", MemorySegment.ofArray(values));
      writer.write("native", tensor.segment());
      writer.finish();
    }
    try (SafetensorsReader reader = Safetensors.open(path)) {
      assertThat(reader.tensor("heap").toIntArray()).isEqualTo(values);
      assertThat(reader.tensor("native").toIntArray()).isEqualTo(values);
    }
  }

  @Test
  void memoryConfinedToTheWritingThreadIsWritten() throws IOException {
    try (Arena arena = Arena.ofConfined();
        SafetensorsWriter writer = Safetensors.create(path, List.of(IDS), Map.of())) {
      writer.write("ids", arena.allocateFrom(ValueLayout.JAVA_LONG, 1, 2, 3, 4, 5, 6));
      writer.finish();
    }
    try (SafetensorsReader reader = Safetensors.open(path)) {
      assertThat(reader.tensor("ids").segment().getAtIndex(ValueLayout.JAVA_LONG, 5)).isEqualTo(6);
    }
  }

  @Test
  void anInterruptedWriteLeavesTheOldFileAndNoOther() throws IOException {
    Files.writeString(path, "old");
    try (SafetensorsWriter writer = writer()) {
      writer.write("ids", longs(1, 2, 3, 4, 5, 6));
      assertThat(files()).hasSize(2).anyMatch(name -> name.endsWith(AtomicFile.PART_SUFFIX));
    }
    assertThat(path).hasContent("old");
    assertThat(files()).containsExactly("out.safetensors");
  }

  @Test
  void finishingNamesWhatIsMissingAndCanBeTriedAgain() throws IOException {
    Files.writeString(path, "old");
    try (SafetensorsWriter writer = writer()) {
      writer.write("rows", MemorySegment.ofArray(new float[24]));
      writer.write("ids", longs(1, 2, 3, 4));
      assertThatIllegalStateException()
          .isThrownBy(writer::finish)
          .withMessageContainingAll("'ids'", "16 of 48 bytes are missing");
      assertThat(path).hasContent("old");
      writer.write("ids", longs(5, 6));
      writer.finish();
    }
    try (SafetensorsReader reader = Safetensors.open(path)) {
      assertThat(reader.names()).containsExactly("ids", "rows");
    }
  }

  @Test
  void wrongChunksAreRefusedAndChangeNothing() throws IOException {
    try (SafetensorsWriter writer = writer()) {
      writer.write("ids", longs(1, 2, 3, 4));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write("ids", longs(5, 6, 7)))
          .withMessageContainingAll("'ids'", "24 bytes", "only 16 of 48");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write("ids", MemorySegment.ofArray(new byte[12])))
          .withMessageContainingAll("'ids'", "12 bytes", "8 bytes");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> writer.write("id", longs(5)))
          .withMessageContainingAll("'id'", path.toString(), "ids, rows");
      writer.write("ids", longs(5, 6));
      writer.write("rows", MemorySegment.ofArray(new float[24]));
      writer.finish();
    }
    try (SafetensorsReader reader = Safetensors.open(path)) {
      assertThat(reader.tensor("ids").segment().toArray(ValueLayout.JAVA_LONG))
          .containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void afterTheEndEveryCallSaysSo() throws IOException {
    SafetensorsWriter writer = Safetensors.create(path, List.of(), Map.of());
    writer.finish();
    assertThatIllegalStateException()
        .isThrownBy(writer::finish)
        .withMessageContaining(path.toString());
    writer.close();
    assertThat(path).as("closing a finished writer keeps the file").exists();
    SafetensorsWriter closed = writer();
    closed.close();
    closed.close();
    assertThatIllegalStateException().isThrownBy(() -> closed.write("ids", longs(1)));
    assertThatIllegalStateException().isThrownBy(closed::finish);
  }

  @Test
  void namesThatNoFileCanHoldAreRefusedBeforeAnythingIsWritten() throws IOException {
    TensorSpec reserved = new TensorSpec("__metadata__", DType.INT8, Shape.of(1));
    TensorSpec half = new TensorSpec("\ud834", DType.INT8, Shape.of(1));
    TensorSpec otherIds = new TensorSpec("ids", DType.INT8, Shape.of(1));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Safetensors.create(path, List.of(reserved), Map.of()).close())
        .withMessageContaining("reserves");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Safetensors.create(path, List.of(half), Map.of()).close())
        .withMessageContaining("surrogate");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Safetensors.create(path, List.of(IDS, otherIds), Map.of()).close())
        .withMessageContainingAll("'ids'", "differ");
    assertThat(files()).isEmpty();
  }

  @Test
  void headersThatNoReaderAcceptsAreRefused() {
    SafetensorsLayout.checkHeader(100_000_000);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> SafetensorsLayout.checkHeader(100_000_008))
        .withMessageContainingAll("100000008", "100000000", "several files");
  }

  @Test
  void sizesBeyondALongAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new TensorSpec("w", DType.INT64, Shape.of(1L << 60)))
        .withMessageContaining("2^63-1");
    TensorSpec half = new TensorSpec("a", DType.INT64, Shape.of(1L << 59));
    TensorSpec other = new TensorSpec("b", DType.INT64, Shape.of(1L << 59));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Safetensors.create(path, List.of(half, other), Map.of()).close())
        .withMessageContaining("2^63-1");
  }
}
