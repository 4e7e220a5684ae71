package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.cli.EmbedOptions.PositionKind;
import dev.embedcl.cli.EmbedRequest.SeededTables;
import dev.embedcl.cli.EmbedRequest.StoredTables;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.InputEmbeddingBuilder;
import java.io.IOException;
import java.util.Map;

/** Where the tables of a run come from. */
interface TableSource extends AutoCloseable {

  /** Returns the embedding dimension. */
  int dim();

  /**
   * Checks that the tables are long enough, before any work is done.
   *
   * @throws CommandFailure if not; names both numbers
   */
  void requireRows(int vocabularySize, int maxLength);

  /**
   * Puts the first {@code vocabularySize} token rows and {@code maxLength} positions on a device.
   */
  InputEmbedding load(Backend backend, int vocabularySize, int maxLength);

  /** Returns what identifies the tables loaded, the same for every run. */
  Map<String, String> metadata();

  /** Returns the tables in a few words. */
  String description();

  @Override
  void close();

  /**
   * Opens the tables that are asked for.
   *
   * @throws WrongUsage if the options contradict the file
   * @throws CommandFailure if the file lacks a table, or has one that cannot be used
   * @throws IOException if the file cannot be read
   */
  static TableSource open(EmbedRequest request) throws IOException {
    boolean withPositions = request.positions() == PositionKind.LEARNED;
    return switch (request.tables()) {
      case SeededTables seeded -> new Seeded(seeded, withPositions);
      case StoredTables stored -> TableFile.open(stored, withPositions);
    };
  }

  /** Tables drawn from a seed: tokens first, then positions, as PyTorch draws them. */
  record Seeded(SeededTables tables, boolean withPositions) implements TableSource {
    @Override
    public int dim() {
      return tables.dim();
    }

    @Override
    public void requireRows(int vocabularySize, int maxLength) {
      // They are made as long as they have to be.
    }

    @Override
    public InputEmbedding load(Backend backend, int vocabularySize, int maxLength) {
      InputEmbeddingBuilder builder =
          InputEmbedding.builder(backend)
              .numEmbeddings(vocabularySize)
              .embeddingDim(tables.dim())
              .seed(tables.seed());
      return (withPositions ? builder.maxLength(maxLength) : builder).build();
    }

    @Override
    public Map<String, String> metadata() {
      return Map.of("seed", Long.toString(tables.seed()));
    }

    @Override
    public String description() {
      return "seed " + tables.seed();
    }

    @Override
    public void close() {
      // Nothing is open.
    }
  }
}
