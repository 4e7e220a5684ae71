package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.cli.EmbedRequest.Output;
import dev.embedcl.cli.EmbedSummary.WrittenFile;
import dev.embedcl.cli.StageClock.Stage;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.text.EncodedLength;
import dev.embedcl.text.Gpt2Tokenizer;
import dev.embedcl.text.SlidingWindows;
import dev.embedcl.text.TokenSpool;
import dev.embedcl.text.WindowOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The work of {@code embed}: tokenizes the text into a spool on disk, then embeds and writes one
 * batch of windows after the other, so that memory does not grow with the text.
 */
final class EmbedRun {
  private final EmbedRequest request;
  private final Progress.Display display;

  /** Prepares a run that shows its progress on {@code display}. */
  EmbedRun(EmbedRequest request, Progress.Display display) {
    this.request = request;
    this.display = display;
  }

  /**
   * Does the work. A file appears only when it is complete.
   *
   * @throws WrongUsage if the options contradict the file of tables
   * @throws CommandFailure if a file has not what is needed
   * @throws IOException if a file cannot be read or written
   */
  EmbedSummary execute() throws IOException {
    StageClock clock = new StageClock();
    request.text().requireReadable();
    request.output().ifPresent(output -> OutputFile.requireWritable("--output", output.file()));
    request.saveWeights().ifPresent(file -> OutputFile.requireWritable("--save-weights", file));
    try (TableSource tables = TableSource.open(request);
        TokenSpool spool = TokenSpool.create()) {
      Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load();
      tables.requireRows(tokenizer.vocabularySize(), request.maxLength());
      EncodedLength text = request.text().encode(tokenizer, spool, display);
      SlidingWindows windows = windows(spool);
      clock.ends(Stage.TOKENIZER);
      try (Backend backend = open(clock);
          InputEmbedding layer =
              tables.load(backend, tokenizer.vocabularySize(), request.maxLength())) {
        clock.ends(Stage.TABLES);
        EmbedLoop loop = new EmbedLoop(layer, windows, tokenizer, display, clock);
        embedAndWrite(loop, layer, windows, tables, clock);
        return new EmbedSummary(
            request,
            backend.device(),
            text,
            windows.count(),
            layer.embeddingDim(),
            tables.description(),
            written(request.output().map(Output::file)),
            written(request.saveWeights()),
            loop.nanos(),
            clock,
            loop.firstVectors());
      }
    }
  }

  private void embedAndWrite(
      EmbedLoop loop,
      InputEmbedding layer,
      SlidingWindows windows,
      TableSource tables,
      StageClock clock)
      throws IOException {
    Map<String, String> tableMetadata = tables.metadata();
    if (request.output().isEmpty()) {
      loop.run(Optional.empty());
      saveTables(layer, tableMetadata, clock);
      return;
    }
    Shape shape = Shape.of(windows.count(), request.maxLength(), layer.embeddingDim());
    Output output = request.output().get();
    Map<String, String> metadata = metadata(windows, layer, tableMetadata);
    try (AbandonOnExit onExit = new AbandonOnExit();
        EmbeddingFile file = onExit.create(() -> EmbeddingFile.create(output, shape, metadata))) {
      loop.run(Optional.of(file));
      saveTables(layer, tableMetadata, clock);
      file.finish();
      clock.ends(Stage.FILE);
    }
  }

  private void saveTables(InputEmbedding layer, Map<String, String> metadata, StageClock clock)
      throws IOException {
    if (request.saveWeights().isPresent()) {
      TableWriter.save(request.saveWeights().get(), layer, metadata);
      clock.ends(Stage.TABLES);
    }
  }

  /** What the numbers depend on; nothing of the machine, the device or the moment. */
  private Map<String, String> metadata(
      SlidingWindows windows, InputEmbedding layer, Map<String, String> tableMetadata) {
    Map<String, String> metadata = new TreeMap<>(tableMetadata);
    metadata.put("tokenizer", "gpt2");
    metadata.put("windows", Long.toString(windows.count()));
    metadata.put("max_length", Integer.toString(request.maxLength()));
    metadata.put("stride", Integer.toString(request.stride()));
    metadata.put("dim", Integer.toString(layer.embeddingDim()));
    metadata.put("positions", request.positions().toString());
    return metadata;
  }

  private SlidingWindows windows(TokenSpool spool) throws IOException {
    int maxLength = request.maxLength();
    long tokens = spool.size();
    WindowOptions options = WindowOptions.of(maxLength).withStride(request.stride());
    long count = options.windows(tokens);
    if (count == 0) {
      throw new CommandFailure(
          request.text().name()
              + ": has "
              + tokens
              + (tokens == 1 ? " token" : " tokens")
              + ", --max-length "
              + maxLength
              + " needs at least "
              + (maxLength + 1L)
              + ": use "
              + (tokens < 2 ? "" : "--max-length " + (tokens - 1) + " or less, or ")
              + "a longer text");
    }
    // No room for windows that do not exist.
    int batchSize = (int) Math.min(request.batchSize(), count);
    return SlidingWindows.of(spool.ids(), options.withBatchSize(batchSize));
  }

  private static Optional<WrittenFile> written(Optional<Path> file) throws IOException {
    return file.isPresent()
        ? Optional.of(new WrittenFile(file.get(), Files.size(file.get())))
        : Optional.empty();
  }

  private Backend open(StageClock clock) {
    Backend backend = request.device().map(Backends::open).orElseGet(Backends::open);
    clock.ends(Stage.DEVICE);
    return backend;
  }
}
