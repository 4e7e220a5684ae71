package dev.embedcl.cli;

import dev.embedcl.cli.EmbedOptions.AtLeastOne;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The device and the shape that {@code bench} and {@code tune} measure, as they were typed. */
final class MeasureOptions {
  @Option(
      names = "--device",
      order = 1,
      paramLabel = "DEVICE",
      description = "As for 'embedcl embed'; default auto.")
  @Nullable String device = null;

  @Option(
      names = "--vocabulary",
      order = 2,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "50257",
      description = "Rows of the token table; default ${DEFAULT-VALUE}.")
  int vocabulary = 50_257;

  @Option(
      names = "--dim",
      order = 3,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "768",
      description = "Embedding dimension; default ${DEFAULT-VALUE}.")
  int dim = 768;

  @Option(
      names = "--batch-size",
      order = 4,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "8",
      description = "Sequences to a call; default ${DEFAULT-VALUE}.")
  int batchSize = 8;

  @Option(
      names = "--length",
      order = 5,
      paramLabel = "N",
      converter = AtLeastOne.class,
      defaultValue = "1024",
      description = "Tokens to a sequence; default ${DEFAULT-VALUE}.")
  int length = 1024;

  /**
   * Checks what picocli does not.
   *
   * @param seconds the command's own {@code --seconds}
   * @throws ParameterException if the time or the number of ids is out of range
   */
  void check(CommandLine command, double seconds) {
    if (!(seconds > 0 && seconds <= 3600)) {
      throw new ParameterException(
          command, "--seconds " + seconds + ": give a time above 0 and up to 3600");
    }
    if ((long) batchSize * length > Integer.MAX_VALUE - 8) {
      throw new ParameterException(
          command,
          "--batch-size "
              + batchSize
              + " times --length "
              + length
              + " exceeds 2^31-9 ids per call: make one smaller");
    }
  }
}
