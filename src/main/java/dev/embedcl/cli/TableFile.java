package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.cli.EmbedRequest.StoredTables;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.io.SafetensorsWriter;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.InputEmbeddingBuilder;
import dev.embedcl.nn.Parameter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The tables of a {@code --weights} file: found by their names, checked, and loaded as far as they
 * are needed.
 *
 * <p>Half-precision tables become float32 as they are loaded, which is exact. Of the file only the
 * rows that are needed are read.
 */
final class TableFile implements TableSource {
  /** How a token table's name ends: in GPT-2's files, in BERT's. */
  private static final List<String> TOKEN_NAMES = List.of("wte.weight", "word_embeddings.weight");

  /** How a positional table's name ends, likewise. */
  private static final List<String> POSITION_NAMES =
      List.of("wpe.weight", "position_embeddings.weight");

  /** Bytes hashed at a time. */
  private static final int DIGEST_BYTES = 1 << 20;

  private static final ValueLayout.OfShort HALF =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final SafetensorsReader reader;
  private final Path path;
  private final TensorSpec tokens;
  private final @Nullable TensorSpec positions;
  private final MessageDigest digest;

  private TableFile(SafetensorsReader reader, StoredTables request, boolean withPositions) {
    this.reader = reader;
    this.path = request.file();
    this.digest = sha256();
    this.tokens = table(request.tokenTable(), TOKEN_NAMES, "token", "--token-table NAME");
    this.positions =
        withPositions
            ? table(
                request.positionTable(),
                POSITION_NAMES,
                "positional",
                "--position-table NAME, or --positions none")
            : null;
    if (request.dim().isPresent() && request.dim().getAsInt() != dim()) {
      throw new WrongUsage(
          "--dim "
              + request.dim().getAsInt()
              + ": the tables of "
              + path
              + " have dimension "
              + dim()
              + ": leave --dim out");
    }
    if (positions != null && positions.shape().size(1) != dim()) {
      throw new CommandFailure(
          describe(tokens)
              + " has dimension "
              + dim()
              + ", '"
              + positions.name()
              + "' "
              + positions.shape().size(1)
              + ": name two that belong together with --token-table and --position-table");
    }
  }

  /**
   * Opens a file and finds its tables.
   *
   * @param withPositions whether a positional table is needed
   * @throws WrongUsage if the request's dimension is not the file's
   * @throws CommandFailure if there is no such table, or one that cannot be used
   * @throws IOException if the file cannot be read
   */
  static TableFile open(StoredTables request, boolean withPositions) throws IOException {
    SafetensorsReader reader = Safetensors.open(request.file());
    try {
      return new TableFile(reader, request, withPositions);
    } catch (RuntimeException e) {
      reader.close();
      throw e;
    }
  }

  @Override
  public int dim() {
    return (int) tokens.shape().size(1);
  }

  @Override
  public void requireRows(int vocabularySize, int maxLength) {
    if (tokens.shape().size(0) < vocabularySize) {
      throw new CommandFailure(
          describe(tokens)
              + " has "
              + tokens.shape().size(0)
              + " rows, GPT-2's vocabulary has "
              + vocabularySize
              + " tokens: use tables that were trained with this vocabulary");
    }
    if (positions != null && positions.shape().size(0) < maxLength) {
      throw new CommandFailure(
          describe(positions)
              + " has "
              + positions.shape().size(0)
              + " rows, --max-length is "
              + maxLength
              + ": use --max-length "
              + positions.shape().size(0)
              + " or less");
    }
  }

  @Override
  public InputEmbedding load(Backend backend, int vocabularySize, int maxLength) {
    InputEmbeddingBuilder builder = InputEmbedding.builder(backend);
    try (HostTensor tokenRows = rows(tokens, vocabularySize)) {
      builder.tokenWeight(tokenRows);
      if (positions == null) {
        return builder.build();
      }
      try (HostTensor positionRows = rows(positions, maxLength)) {
        return builder.positionWeight(positionRows).build();
      }
    }
  }

  /** Returns the SHA-256 of the rows that were loaded, tokens first, as little-endian float32. */
  @Override
  public Map<String, String> metadata() {
    return Map.of("weights_sha256", HexFormat.of().formatHex(digest.digest()));
  }

  @Override
  public String description() {
    return "tables of " + path;
  }

  /**
   * Writes a layer's tables under GPT-2's names.
   *
   * @param metadata what the tables depend on
   * @throws IOException if the file cannot be written; nothing of it is left then
   */
  static void save(Path file, InputEmbedding layer, Map<String, String> metadata)
      throws IOException {
    Map<String, Parameter> tables = new LinkedHashMap<>();
    tables.put(TOKEN_NAMES.getFirst(), layer.tokens().weight());
    layer
        .positions()
        .ifPresent(positions -> tables.put(POSITION_NAMES.getFirst(), positions.weight()));
    List<TensorSpec> specs =
        tables.entrySet().stream()
            .map(each -> new TensorSpec(each.getKey(), DType.FLOAT32, each.getValue().shape()))
            .toList();
    try (SafetensorsWriter writer = Safetensors.create(file, specs, metadata);
        AbandonOnExit _ = new AbandonOnExit(writer)) {
      for (Map.Entry<String, Parameter> each : tables.entrySet()) {
        try (Mapping mapping = each.getValue().matrix().buffer().map(MapMode.READ)) {
          writer.write(each.getKey(), mapping.segment());
        }
      }
      writer.finish();
    }
  }

  @Override
  public void close() {
    reader.close();
  }

  /** Returns the first rows of a table as float32: a view of the file, or a converted copy. */
  private HostTensor rows(TensorSpec table, int rows) {
    Shape shape = Shape.of(rows, dim());
    MemorySegment stored =
        reader.segment(table.name()).asSlice(0, shape.elements() * table.type().bytes());
    HostTensor floats =
        switch (table.type()) {
          case FLOAT32 -> HostTensor.wrap(DType.FLOAT32, shape, stored);
          case FLOAT16 -> converted(stored, shape, Float::float16ToFloat);
          default -> converted(stored, shape, bits -> Float.intBitsToFloat(bits << 16));
        };
    MemorySegment bytes = floats.segment();
    for (long offset = 0; offset < bytes.byteSize(); offset += DIGEST_BYTES) {
      long count = Math.min(DIGEST_BYTES, bytes.byteSize() - offset);
      digest.update(bytes.asSlice(offset, count).asByteBuffer());
    }
    return floats;
  }

  private static HostTensor converted(MemorySegment stored, Shape shape, HalfToFloat conversion) {
    HostTensor floats = HostTensor.allocate(DType.FLOAT32, shape);
    MemorySegment target = floats.segment();
    for (long i = 0; i < shape.elements(); i++) {
      target.setAtIndex(FLOAT, i, conversion.apply(stored.getAtIndex(HALF, i)));
    }
    return floats;
  }

  private interface HalfToFloat {
    float apply(short bits);
  }

  private TensorSpec table(Optional<String> wanted, List<String> usual, String kind, String cure) {
    String name = wanted.isPresent() ? wanted.get() : usualName(usual, kind, cure);
    if (!reader.contains(name)) {
      throw new CommandFailure(
          path + " has no tensor '" + name + "'; it has " + someNames() + ": use " + cure);
    }
    TensorSpec spec;
    try {
      spec = reader.spec(name);
    } catch (IllegalArgumentException e) {
      throw new CommandFailure(String.valueOf(e.getMessage()), e);
    }
    boolean isFloat =
        switch (spec.type()) {
          case FLOAT32, FLOAT16, BFLOAT16 -> true;
          case FLOAT64, INT64, INT32, INT16, INT8, UINT8, BOOL -> false;
        };
    if (!isFloat) {
      throw new CommandFailure(
          describe(spec) + " is " + spec.type() + ": convert it to FLOAT32, FLOAT16 or BFLOAT16");
    }
    if (spec.shape().rank() != 2
        || spec.shape().size(1) < 1
        || spec.shape().size(1) > Integer.MAX_VALUE) {
      throw new CommandFailure(
          describe(spec) + " has shape " + spec.shape() + ", not [rows, dim]: use " + cure);
    }
    return spec;
  }

  /** Finds the one tensor that has a usual name, alone or behind a prefix and a dot. */
  private String usualName(List<String> usual, String kind, String cure) {
    for (String suffix : usual) {
      List<String> found =
          reader.names().stream()
              .filter(name -> name.equals(suffix) || name.endsWith("." + suffix))
              .toList();
      if (found.size() == 1) {
        return found.getFirst();
      }
      if (found.size() > 1) {
        throw new CommandFailure(
            path
                + " has several "
                + kind
                + " tables, "
                + String.join(", ", found)
                + ": choose with "
                + cure);
      }
    }
    throw new CommandFailure(
        path
            + " has no "
            + kind
            + " table of a usual name ("
            + String.join(", ", usual)
            + "); it has "
            + someNames()
            + ": use "
            + cure);
  }

  private String someNames() {
    List<String> names = reader.names().stream().limit(5).toList();
    return names.isEmpty()
        ? "no tensors"
        : String.join(", ", names) + (names.size() < reader.names().size() ? ", …" : "");
  }

  private String describe(TensorSpec spec) {
    return path + ": '" + spec.name() + "'";
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
