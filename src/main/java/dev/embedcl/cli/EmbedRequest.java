package dev.embedcl.cli;

import dev.embedcl.cli.EmbedOptions.PositionKind;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What {@code embed} shall do, checked and with all defaults in place.
 *
 * @param text the text
 * @param maxLength tokens per window
 * @param stride tokens from one window's start to the next's
 * @param batchSize windows computed at a time
 * @param positions what is added to the token vectors
 * @param tables where the tables come from
 * @param saveWeights where the tables are written
 * @param device the device selector; empty for what property, environment or {@code auto} say
 * @param output where the embeddings are written
 */
record EmbedRequest(
    TextInput text,
    int maxLength,
    int stride,
    int batchSize,
    PositionKind positions,
    Tables tables,
    Optional<Path> saveWeights,
    Optional<String> device,
    Optional<Output> output) {

  /** Where the tables come from. */
  sealed interface Tables {}

  /**
   * Fresh tables.
   *
   * @param seed starts the generator
   * @param dim the embedding dimension
   */
  record SeededTables(long seed, int dim) implements Tables {}

  /**
   * Tables of a safetensors file.
   *
   * @param file the file
   * @param tokenTable the token table's name; empty to look for a usual one
   * @param positionTable likewise
   * @param dim the dimension that was asked for, if any
   */
  record StoredTables(
      Path file, Optional<String> tokenTable, Optional<String> positionTable, OptionalInt dim)
      implements Tables {}

  /**
   * The file to write.
   *
   * @param file its path
   * @param format its format
   */
  record Output(Path file, Format format) {}

  /** File formats, by the extension of the name. */
  enum Format {
    SAFETENSORS,
    NPY
  }
}
