package dev.embedcl.io;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.lifecycle.AfterContainer;
import net.jqwik.api.lifecycle.BeforeContainer;

/**
 * Damaged files are refused as such or read inside their bounds; nothing else is thrown, and the
 * process survives. A failure prints the seed that repeats it.
 */
class FileFuzzTest {
  private static final Path REFERENCE = Path.of("src/test/resources/reference/io");
  private static final List<String> SAFETENSORS =
      List.of("all_types", "shapes", "misaligned", "foreign_types", "no_tensors");
  private static final List<String> NPY =
      List.of(
          "f32", "big_endian_f8", "version_2", "version_3", "rank_32", "python_2", "structured");

  /** What parsers stumble over; put anywhere in a header. */
  private static final List<String> PIECES =
      List.of(
          "9223372036854775807",
          "9223372036854775808",
          "-1",
          "-0",
          "1e400",
          "NaN",
          "0",
          "00",
          "4294967296",
          "{",
          "}",
          "[",
          "]",
          "(",
          ")",
          ",",
          ":",
          "\"",
          "'",
          "\\",
          "\\ud800",
          "\0",
          "\"a\":{}",
          "null",
          "true",
          "True",
          "False",
          "L",
          "(1,)",
          "[[[[[[[[[[[[[[[[[[",
          "/*",
          "#",
          "\"__metadata__\":{}",
          "'shape'",
          "'descr'",
          ">",
          "<",
          "F64",
          "BOOL",
          "é",
          "\ufeff");

  private static Path directory = Path.of("");

  @BeforeContainer
  static void makeDirectory() throws IOException {
    directory = Files.createTempDirectory("embedcl-test");
  }

  @AfterContainer
  static void removeDirectory() throws IOException {
    Files.deleteIfExists(directory.resolve("fuzz.safetensors"));
    Files.deleteIfExists(directory.resolve("fuzz.npy"));
    Files.delete(directory);
  }

  @Property(tries = 1500)
  void damagedSafetensorsFilesAreRefusedOrRead(@ForAll Random random) throws IOException {
    String name = SAFETENSORS.get(random.nextInt(SAFETENSORS.size())) + ".safetensors";
    byte[] original = Files.readAllBytes(REFERENCE.resolve(name));
    int headerEnd = 8 + (original[0] & 0xff) + (original[1] & 0xff) * 256;
    Path file = directory.resolve("fuzz.safetensors");
    Files.write(file, damaged(original, 8, headerEnd, random));
    try (SafetensorsReader reader = Safetensors.open(file)) {
      for (String each : reader.names()) {
        readAll(reader.segment(each));
        try {
          readAll(reader.tensor(each).segment());
        } catch (IllegalArgumentException e) {
          assertThat(e).hasMessageContaining("has the type");
        }
      }
    } catch (MalformedFileException e) {
      assertThat(e.getMessage()).startsWith(file.toString()).hasSizeLessThan(1000);
    }
  }

  @Property(tries = 1500)
  void damagedNumPyFilesAreRefusedOrRead(@ForAll Random random) throws IOException {
    String name = NPY.get(random.nextInt(NPY.size())) + ".npy";
    byte[] original = Files.readAllBytes(REFERENCE.resolve(name));
    Path file = directory.resolve("fuzz.npy");
    Files.write(file, damaged(original, 10, 80, random));
    try (NpyReader reader = Npy.open(file)) {
      readAll(reader.tensor().segment());
      assertThat(reader.tensor().elements()).isEqualTo(reader.shape().elements());
    } catch (MalformedFileException e) {
      assertThat(e.getMessage()).startsWith(file.toString()).hasSizeLessThan(1000);
    }
  }

  private static void readAll(MemorySegment segment) {
    assertThat(segment.toArray(ValueLayout.JAVA_BYTE)).hasSize((int) segment.byteSize());
  }

  /** Changes a file in one to three places, mostly in the header. */
  private static byte[] damaged(byte[] original, int from, int to, Random random) {
    byte[] bytes = original;
    for (int changes = 1 + random.nextInt(3); changes > 0; changes--) {
      int at = from + random.nextInt(Math.max(1, Math.min(to, bytes.length) - from));
      at = Math.min(at, bytes.length);
      byte[] piece = PIECES.get(random.nextInt(PIECES.size())).getBytes(StandardCharsets.UTF_8);
      bytes =
          switch (random.nextInt(7)) {
            case 0 -> Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
            case 1 -> spliced(bytes, at, 0, piece);
            case 2 -> spliced(bytes, at, piece.length, piece);
            case 3 -> spliced(bytes, at, 1 + random.nextInt(8), new byte[0]);
            case 4 -> spliced(bytes, at, 1, new byte[] {(byte) random.nextInt(256)});
            case 5 -> spliced(bytes, at, 1, new byte[] {(byte) ('0' + random.nextInt(10))});
            default -> spliced(bytes, random.nextInt(12), 1, new byte[] {(byte) random.nextInt()});
          };
    }
    // Half of the time the length is made right again, so that the parser sees the damage.
    if (bytes.length >= 16 && from == 8 && random.nextBoolean()) {
      int length = Math.min(bytes.length - 8, to - 8 + bytes.length - original.length);
      bytes[0] = (byte) length;
      bytes[1] = (byte) (length >> 8);
      Arrays.fill(bytes, 2, 8, (byte) 0);
    }
    return bytes;
  }

  private static byte[] spliced(byte[] bytes, int at, int removed, byte[] added) {
    int start = Math.min(at, bytes.length);
    int end = Math.min(start + removed, bytes.length);
    byte[] result = new byte[start + added.length + bytes.length - end];
    System.arraycopy(bytes, 0, result, 0, start);
    System.arraycopy(added, 0, result, start, added.length);
    System.arraycopy(bytes, end, result, start + added.length, bytes.length - end);
    return result;
  }
}
