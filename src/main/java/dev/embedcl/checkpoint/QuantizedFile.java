package dev.embedcl.checkpoint;

import static java.util.Objects.requireNonNull;

import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.io.SafetensorsWriter;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.QuantizedEmbedding;
import dev.embedcl.nn.QuantizedEmbeddingBuilder;
import dev.embedcl.op.QuantizedMatrix;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A {@link QuantizedEmbedding} in a file, and back with the same bits on any backend.
 *
 * <pre>{@code
 * QuantizedFile.save(path, QuantizedEmbedding.of(tokens));
 * QuantizedEmbedding layer = QuantizedFile.load(path, QuantizedEmbedding.builder(backend));
 * }</pre>
 *
 * <p>The file is a safetensors file of version {@value #VERSION} with the tensors {@code weight},
 * uint8 [numEmbeddings, embeddingDim], {@code weight.scale} and {@code weight.offset}, float32
 * [numEmbeddings]: a number is {@code weight * scale + offset} of its row. The metadata has a
 * CRC-32C of each tensor and of the header. Options are not stored; the builder has them. Data
 * passes in parts of some megabytes, so that tables may be larger than the Java heap. Needs {@code
 * com.fasterxml.jackson.core:jackson-core} on the class path.
 *
 * <p>A file of another tool's is read by {@link Safetensors#open}, whose tensors {@link
 * QuantizedEmbeddingBuilder#quantized} takes.
 */
public final class QuantizedFile {
  /** The version of the format that is written; no other can be read. */
  public static final int VERSION = 1;

  private static final String VERSION_KEY = "embedcl.quantized.version";
  private static final String VALUES = "weight";
  private static final String SCALES = "weight.scale";
  private static final String OFFSETS = "weight.offset";

  /** Bytes that are on their way at a time, or one row where that is longer. */
  private static final int PART_BYTES = 4 << 20;

  private QuantizedFile() {}

  /**
   * Writes a layer's rows to a file, which appears under its name only when it is complete and on
   * the disk: until then, and after any failure or crash, an earlier file of that name stays as it
   * was.
   *
   * @throws IllegalStateException if the layer or its backend was closed
   * @throws IOException if the file cannot be written; names it, the cause and the cure
   */
  public static void save(Path path, QuantizedEmbedding layer) throws IOException {
    QuantizedMatrix table = layer.matrix();
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(VALUES, DType.UINT8, Shape.of(table.rows(), table.columns())),
            new TensorSpec(SCALES, DType.FLOAT32, Shape.of(table.rows())),
            new TensorSpec(OFFSETS, DType.FLOAT32, Shape.of(table.rows())));
    Map<String, String> metadata = new TreeMap<>();
    metadata.put(VERSION_KEY, Integer.toString(VERSION));
    metadata.put(Keys.HEADER_CHECKSUM, Checksum.NONE);
    specs.forEach(spec -> metadata.put(Keys.checksum(spec.name()), Checksum.NONE));
    try (SafetensorsWriter writer = Safetensors.create(path, specs, metadata)) {
      Map<String, Checksum> checksums = new TreeMap<>();
      specs.forEach(spec -> checksums.put(spec.name(), new Checksum()));
      split(
          table,
          (tensor, part) -> {
            requireNonNull(checksums.get(tensor)).update(part);
            writer.write(tensor, part);
          });
      checksums.forEach((name, checksum) -> metadata.put(Keys.checksum(name), checksum.digits()));
      metadata.put(Keys.HEADER_CHECKSUM, Checksum.ofHeader(metadata, specs));
      writer.finish(metadata);
    }
  }

  /**
   * Creates a layer of the rows in a file that {@link #save} wrote. The whole file is checked
   * first, checksums included.
   *
   * @param builder has the backend and the options; its rows are replaced
   * @return to be closed by the caller
   * @throws CheckpointException if the file is none of these, altered or of another version
   * @throws dev.embedcl.io.MalformedFileException if it is incomplete or no safetensors file
   * @throws IOException if it does not exist or cannot be read
   * @throws IllegalArgumentException as {@link QuantizedEmbeddingBuilder#build}
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend was closed
   */
  public static QuantizedEmbedding load(Path path, QuantizedEmbeddingBuilder builder)
      throws IOException {
    try (SafetensorsReader file = Safetensors.open(path)) {
      check(file);
      return builder
          .quantized(file.tensor(VALUES), file.tensor(SCALES), file.tensor(OFFSETS))
          .build();
    }
  }

  /** What becomes of the parts of a tensor. */
  private interface Sink {
    void accept(String tensor, MemorySegment part) throws IOException;
  }

  /** Takes rows apart, a few at a time. */
  private static void split(QuantizedMatrix table, Sink sink) throws IOException {
    int rowBytes = (int) table.rowBytes();
    int most = (int) Math.min(table.rows(), Math.max(1, PART_BYTES / rowBytes));
    int columns = table.columns();
    MemorySegment rows = MemorySegment.ofArray(new byte[most * rowBytes]);
    MemorySegment values = MemorySegment.ofArray(new byte[most * columns]);
    MemorySegment scales = MemorySegment.ofArray(new byte[most * Float.BYTES]);
    MemorySegment offsets = MemorySegment.ofArray(new byte[most * Float.BYTES]);
    for (long first = 0; first < table.rows(); first += most) {
      long count = Math.min(most, table.rows() - first);
      table.buffer().read(first * rowBytes, rows.asSlice(0, count * rowBytes));
      for (long r = 0; r < count; r++) {
        long at = r * rowBytes;
        long tail = at + columns;
        MemorySegment.copy(rows, at, values, r * columns, columns);
        MemorySegment.copy(rows, tail, scales, r * Float.BYTES, Float.BYTES);
        MemorySegment.copy(rows, tail + Float.BYTES, offsets, r * Float.BYTES, Float.BYTES);
      }
      sink.accept(VALUES, values.asSlice(0, count * columns));
      sink.accept(SCALES, scales.asSlice(0, count * Float.BYTES));
      sink.accept(OFFSETS, offsets.asSlice(0, count * Float.BYTES));
    }
  }

  private static void check(SafetensorsReader file) throws CheckpointException {
    Map<String, String> metadata = file.metadata();
    String version = metadata.get(VERSION_KEY);
    if (version == null) {
      throw new CheckpointException(
          file.path(),
          "it has no quantised rows of EmbedCL, whose metadata has "
              + VERSION_KEY
              + "; name a file that QuantizedFile.save wrote");
    }
    if (!version.equals(Integer.toString(VERSION))) {
      throw new CheckpointException(
          file.path(),
          "its format has version "
              + version
              + ", this library reads "
              + VERSION
              + "; use the release of EmbedCL that wrote it");
    }
    List<TensorSpec> specs = new ArrayList<>();
    for (String name : List.of(VALUES, SCALES, OFFSETS)) {
      specs.add(spec(file, name));
    }
    requireSame(
        file,
        "the header",
        Checksum.ofHeader(metadata, specs),
        metadata.getOrDefault(Keys.HEADER_CHECKSUM, "missing"));
    for (TensorSpec spec : specs) {
      String name = spec.name();
      requireSame(
          file,
          "tensor '" + name + "'",
          Checksum.of(file.segment(name)),
          metadata.getOrDefault(Keys.checksum(name), "missing"));
    }
  }

  private static TensorSpec spec(SafetensorsReader file, String name) throws CheckpointException {
    try {
      return file.spec(name);
    } catch (IllegalArgumentException e) {
      CheckpointException refusal =
          new CheckpointException(file.path(), String.valueOf(e.getMessage()));
      refusal.initCause(e);
      throw refusal;
    }
  }

  private static void requireSame(SafetensorsReader file, String what, String actual, String stored)
      throws CheckpointException {
    if (!actual.equals(stored)) {
      throw new CheckpointException(
          file.path(),
          what
              + " was altered: its CRC-32C is "
              + actual
              + ", the file says "
              + stored
              + "; fetch it again or save it again");
    }
  }
}
