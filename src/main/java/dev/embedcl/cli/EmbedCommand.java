package dev.embedcl.cli;

import dev.embedcl.cli.EmbedOptions.PositionKind;
import dev.embedcl.cli.EmbedRequest.Format;
import dev.embedcl.cli.EmbedRequest.Output;
import dev.embedcl.cli.EmbedRequest.SeededTables;
import dev.embedcl.cli.EmbedRequest.StoredTables;
import dev.embedcl.cli.EmbedRequest.Tables;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code embedcl embed}: from a text to its input embeddings. */
@Command(
    name = "embed",
    description = {
      "Embed a text: GPT-2 tokens, sliding windows, token plus position vectors.",
      "The same text and options give the same bytes on every device."
    },
    parameterListHeading = "%nText:%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "Example:",
      "  embedcl embed book.txt --max-length 1024 --dim 768 -o book.safetensors"
    })
final class EmbedCommand implements Callable<Integer> {
  private static final String STANDARD_INPUT = "-";

  /** The longest array that every Java virtual machine allows. */
  private static final int MAX_BATCH_TOKENS = Integer.MAX_VALUE - 8;

  private final InputStream in;

  @Mixin private final EmbedOptions options = new EmbedOptions();

  @Spec private @Nullable CommandSpec spec;

  /** Reads {@code in} where the text is {@code -}. */
  EmbedCommand(InputStream in) {
    this.in = in;
  }

  @Override
  public Integer call() throws IOException {
    CommandLine commandLine = Objects.requireNonNull(spec).commandLine();
    PrintWriter out = commandLine.getOut();
    Progress.Display display =
        new Progress.Display(commandLine.getErr(), Terminal.showsStandardError());
    try {
      new EmbedRun(request(), display).execute().print(out);
    } catch (WrongUsage e) {
      throw new ParameterException(commandLine, String.valueOf(e.getMessage()), e);
    }
    return ExitCode.OK;
  }

  /** Checks the options against each other; what only files and devices know comes later. */
  private EmbedRequest request() {
    if (options.file == null) {
      throw usage("missing required parameter: 'FILE' (- reads standard input)");
    }
    Optional<Path> text =
        options.file.equals(STANDARD_INPUT) ? Optional.empty() : Optional.of(Path.of(options.file));
    if ((long) options.batchSize * options.maxLength > MAX_BATCH_TOKENS) {
      throw usage(
          "--batch-size "
              + options.batchSize
              + " times --max-length "
              + options.maxLength
              + " is more than "
              + MAX_BATCH_TOKENS
              + " tokens at a time: use a smaller --batch-size");
    }
    EmbedRequest request =
        new EmbedRequest(
            new TextInput(text, in),
            options.maxLength,
            Objects.requireNonNullElse(options.stride, options.maxLength),
            options.batchSize,
            options.positions,
            tables(),
            Optional.ofNullable(options.saveWeights),
            Optional.ofNullable(options.device),
            Optional.ofNullable(options.output).map(this::output));
    requireDistinctFiles();
    return request;
  }

  private Tables tables() {
    if (options.weights == null) {
      rejectWithoutWeights("--token-table", options.tokenTable);
      rejectWithoutWeights("--position-table", options.positionTable);
      return new SeededTables(
          Objects.requireNonNullElse(options.seed, EmbedOptions.DEFAULT_SEED),
          Objects.requireNonNullElse(options.dim, EmbedOptions.DEFAULT_DIM));
    }
    if (options.seed != null) {
      throw usage(
          "--seed "
              + options.seed
              + ": nothing is drawn at random when --weights gives the tables: use one of the two");
    }
    if (options.positionTable != null && options.positions == PositionKind.NONE) {
      throw usage(
          "--position-table "
              + options.positionTable
              + ": no positions are added with --positions none: use one of the two");
    }
    return new StoredTables(
        options.weights,
        Optional.ofNullable(options.tokenTable),
        Optional.ofNullable(options.positionTable),
        options.dim == null ? OptionalInt.empty() : OptionalInt.of(options.dim));
  }

  private void rejectWithoutWeights(String option, @Nullable String name) {
    if (name != null) {
      throw usage(option + " " + name + ": names a table of a file: add --weights FILE");
    }
  }

  private Output output(Path file) {
    String name = file.toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".safetensors")) {
      return new Output(file, Format.SAFETENSORS);
    }
    if (name.endsWith(".npy")) {
      return new Output(file, Format.NPY);
    }
    throw usage(
        "--output "
            + file
            + ": the format is not known: use a name that ends in .safetensors or .npy");
  }

  /** No file may be written over one that is read, or written twice. */
  private void requireDistinctFiles() {
    record Named(String option, Path file) {}
    List<Named> files = new ArrayList<>();
    if (options.file != null && !options.file.equals(STANDARD_INPUT)) {
      files.add(new Named("the text", Path.of(options.file)));
    }
    if (options.weights != null) {
      files.add(new Named("--weights", options.weights));
    }
    int read = files.size();
    if (options.saveWeights != null) {
      files.add(new Named("--save-weights", options.saveWeights));
    }
    if (options.output != null) {
      files.add(new Named("--output", options.output));
    }
    for (int i = read; i < files.size(); i++) {
      for (int j = 0; j < i; j++) {
        if (isSame(files.get(i).file(), files.get(j).file())) {
          throw usage(
              files.get(i).option()
                  + " "
                  + files.get(i).file()
                  + ": is the same file as "
                  + files.get(j).option()
                  + ": choose another name");
        }
      }
    }
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return Files.isSameFile(one, other);
    } catch (IOException e) {
      // One of them does not exist yet, so that only their names can be compared.
      return one.toAbsolutePath().normalize().equals(other.toAbsolutePath().normalize());
    }
  }

  private ParameterException usage(String message) {
    return new ParameterException(Objects.requireNonNull(spec).commandLine(), message);
  }
}
