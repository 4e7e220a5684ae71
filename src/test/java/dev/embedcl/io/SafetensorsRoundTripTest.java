package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/** What is written in any chunks comes back, and equal content gives equal bytes. */
class SafetensorsRoundTripTest {
  private static Path directory = Path.of("");

  @BeforeContainer
  static void makeDirectory() throws IOException {
    directory = Files.createTempDirectory("embedcl-test");
  }

  @AfterContainer
  static void removeDirectory() throws IOException {
    try (var files = Files.list(directory)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .as("no part file is left")
          .containsExactlyInAnyOrder("once.safetensors", "again.safetensors");
    }
    Files.delete(directory.resolve("once.safetensors"));
    Files.delete(directory.resolve("again.safetensors"));
    Files.delete(directory);
  }

  @Property(tries = 150)
  void interleavedChunksOfAnySizeComeBack(
      @ForAll("tensors") List<TensorSpec> tensors,
      @ForAll("texts") Map<String, String> metadata,
      @ForAll Random random)
      throws IOException {
    Map<String, byte[]> content = new LinkedHashMap<>();
    for (TensorSpec spec : tensors) {
      byte[] bytes = new byte[(int) spec.bytes()];
      random.nextBytes(bytes);
      content.put(spec.name(), bytes);
    }
    Path once = write("once.safetensors", tensors, content, metadata, random);
    Path again = write("again.safetensors", tensors.reversed(), content, metadata, random);
    assertThat(once).hasSameBinaryContentAs(again);
    try (SafetensorsReader reader = Safetensors.open(once)) {
      assertThat(reader.metadata()).isEqualTo(metadata);
      assertThat(reader.names()).containsExactlyInAnyOrderElementsOf(content.keySet());
      for (TensorSpec spec : tensors) {
        assertThat(reader.spec(spec.name())).isEqualTo(spec);
        assertThat(reader.tensor(spec.name()).segment().toArray(ValueLayout.JAVA_BYTE))
            .isEqualTo(content.get(spec.name()));
        assertThat(reader.tensor(spec.name()).segment().address())
            .as("our own files are aligned, so nothing is copied")
            .isEqualTo(reader.segment(spec.name()).address());
      }
    }
  }

  private static Path write(
      String name,
      List<TensorSpec> tensors,
      Map<String, byte[]> content,
      Map<String, String> metadata,
      Random random)
      throws IOException {
    Path path = directory.resolve(name);
    Map<String, Integer> written = new HashMap<>();
    List<TensorSpec> open = new ArrayList<>(tensors);
    try (SafetensorsWriter writer = Safetensors.create(path, tensors, metadata)) {
      while (!open.isEmpty()) {
        TensorSpec spec = open.get(random.nextInt(open.size()));
        byte[] bytes = Objects.requireNonNull(content.get(spec.name()));
        int from = written.getOrDefault(spec.name(), 0);
        int left = (bytes.length - from) / spec.type().bytes();
        int to = from + random.nextInt(left + 1) * spec.type().bytes();
        writer.write(spec.name(), MemorySegment.ofArray(bytes).asSlice(from, to - from));
        written.put(spec.name(), to);
        if (to == bytes.length) {
          open.remove(spec);
        }
      }
      writer.finish();
    }
    return path;
  }

  @Provide
  Arbitrary<List<TensorSpec>> tensors() {
    Arbitrary<Shape> shapes =
        Arbitraries.longs().between(0, 7).array(long[].class).ofMaxSize(4).map(Shape::of);
    return Combinators.combine(names(), Arbitraries.of(DType.class), shapes)
        .as(TensorSpec::new)
        .list()
        .ofMaxSize(8)
        .uniqueElements(TensorSpec::name);
  }

  @Provide
  Arbitrary<Map<String, String>> texts() {
    return Arbitraries.maps(names(), names()).ofMaxSize(4);
  }

  /** Any Unicode text but the one reserved name; half surrogate pairs are no text. */
  private static Arbitrary<String> names() {
    return Arbitraries.strings()
        .all()
        .ofMaxLength(12)
        .filter(text -> text.codePoints().noneMatch(c -> c >= 0xd800 && c < 0xe000));
  }
}
