package dev.embedcl.cli;

import dev.embedcl.text.EncodedLength;
import dev.embedcl.text.Gpt2Tokenizer;
import dev.embedcl.text.MalformedUtf8Exception;
import dev.embedcl.text.TokenSink;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The text to be embedded.
 *
 * @param file its file; empty for standard input
 * @param standardInput is read, and not closed, where there is no file
 */
record TextInput(Optional<Path> file, InputStream standardInput) {

  /** Returns what messages call the text. */
  String name() {
    return file.map(Path::toString).orElse("standard input");
  }

  /**
   * Checks that there is something to read, before anything costly is begun.
   *
   * @throws CommandFailure if there is not
   */
  void requireReadable() {
    if (file.isEmpty()) {
      return;
    }
    if (Files.notExists(file.get())) {
      throw new CommandFailure(name() + ": no such file: check the path");
    }
    if (Files.isDirectory(file.get())) {
      throw new CommandFailure(name() + ": is a directory: name a text file");
    }
    if (!Files.isReadable(file.get())) {
      throw new CommandFailure(name() + ": cannot be read: check its access rights");
    }
  }

  /**
   * Hands the text's tokens to a sink, in bounded memory.
   *
   * @throws CommandFailure if the text cannot be tokenized
   * @throws IOException if it cannot be read or the sink throws it
   */
  EncodedLength encode(Gpt2Tokenizer tokenizer, TokenSink sink, Progress.Display display)
      throws IOException {
    long size = file.isPresent() ? Files.size(file.get()) : -1;
    // Pipes and the like have no size that means anything.
    try (Progress progress = display.start("tokenizing", "MiB", 1 << 20, size > 0 ? size : -1);
        InputStream in = new Counted(open(), progress)) {
      return tokenizer.encode(in, sink);
    } catch (MalformedUtf8Exception | IllegalArgumentException e) {
      throw new CommandFailure(name() + ": " + e.getMessage(), e);
    }
  }

  private InputStream open() throws IOException {
    return file.isPresent()
        ? Files.newInputStream(file.get())
        : new FilterInputStream(standardInput) {
          @Override
          public void close() {
            // Standard input belongs to the process.
          }
        };
  }

  /** Tells a progress bar how many bytes were read. */
  private static final class Counted extends FilterInputStream {
    private final Progress progress;
    private long bytes;

    Counted(InputStream in, Progress progress) {
      super(in);
      this.progress = progress;
    }

    @Override
    public int read() throws IOException {
      int value = super.read();
      count(value < 0 ? 0 : 1);
      return value;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = super.read(target, offset, length);
      count(read);
      return read;
    }

    private void count(int read) {
      if (read > 0) {
        bytes += read;
        progress.stepTo(bytes);
      }
    }
  }
}
