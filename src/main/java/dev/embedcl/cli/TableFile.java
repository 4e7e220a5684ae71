package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.cli.EmbedRequest.StoredTables;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.io.TensorSpec;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.InputEmbeddingBuilder;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tables of a {@code --weights} file: found by their names, checked, and loaded as far as they
 * are needed.
 *
 * <p>Half-precision tables become float32 as they are loaded, which is exact. Of the file only the
 * rows that are needed are read.
 */
final class TableFile implements TableSource {
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
    this.tokens = TableKind.TOKENS.find(reader, request.tokenTable());
    this.positions =
        withPositions ? TableKind.POSITIONS.find(reader, request.positionTable()) : null;
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
          TableKind.describe(reader, tokens)
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
          TableKind.describe(reader, tokens)
              + " has "
              + tokens.shape().size(0)
              + " rows, GPT-2's vocabulary has "
              + vocabularySize
              + " tokens: use tables that were trained with this vocabulary");
    }
    if (positions != null && positions.shape().size(0) < maxLength) {
      throw new CommandFailure(
          TableKind.describe(reader, positions)
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

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
