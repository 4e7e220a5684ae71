package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.cli.EmbedRequest.Output;
import dev.embedcl.cli.EmbedSummary.FirstVector;
import dev.embedcl.cli.EmbedSummary.WrittenFile;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Activation;
import dev.embedcl.nn.IndexBatch;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.text.EncodedLength;
import dev.embedcl.text.Epoch;
import dev.embedcl.text.Gpt2Tokenizer;
import dev.embedcl.text.SlidingWindows;
import dev.embedcl.text.TokenBatch;
import dev.embedcl.text.TokenSpool;
import dev.embedcl.text.WindowOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The work of {@code embed}: tokenizes the text into a spool on disk, then embeds and writes one
 * batch of windows after the other, so that memory does not grow with the text.
 */
final class EmbedRun {
  private final EmbedRequest request;
  private final InputStream standardInput;
  private final PrintWriter err;
  private final boolean showsProgress = Terminal.showsStandardError();

  EmbedRun(EmbedRequest request, InputStream standardInput, PrintWriter err) {
    this.request = request;
    this.standardInput = standardInput;
    this.err = err;
  }

  /**
   * Does the work; writes all files or none.
   *
   * @throws WrongUsage if the options contradict the file of tables
   * @throws CommandFailure if a file has not what is needed
   * @throws IOException if a file cannot be read or written
   */
  EmbedSummary execute() throws IOException {
    long start = System.nanoTime();
    OutputChecks.requireWritable(request);
    try (TableSource tables = TableSource.open(request);
        TokenSpool spool = TokenSpool.create()) {
      Gpt2Tokenizer tokenizer = Gpt2Tokenizer.load();
      tables.requireRows(tokenizer.vocabularySize(), request.maxLength());
      EncodedLength text = new TextInput(request, standardInput).encode(tokenizer, spool, …);
      SlidingWindows windows = SlidingWindows.of(spool.ids(), windowOptions(text.tokens()));
    }
  }
}
