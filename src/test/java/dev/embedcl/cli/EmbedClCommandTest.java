package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Help, version, and what becomes of a wrong command line. */
final class EmbedClCommandTest {

  @Test
  void helpNamesBothCommands() {
    CommandRun run = CommandRun.of("--help");
    assertThat(run.status()).isZero();
    assertThat(run.err()).isEmpty();
    assertThat(run.out())
        .startsWith("Usage: embedcl [OPTIONS] COMMAND\n")
        .contains("  devices  ", "  embed    ", "Exit status: 0 done, 1 could not be done, 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--dim",
        "--max-length",
        "--stride",
        "--batch-size",
        "--seed",
        "--positions",
        "--weights",
        "--token-table",
        "--position-table",
        "--save-weights",
        "--device",
        "--output",
        "--verbose",
        "--stacktrace"
      })
  void helpOfEmbedNamesEveryOption(String option) {
    CommandRun run = CommandRun.of("embed", "--help");
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains(option);
  }

  @Test
  void helpFitsIntoEightyColumns() {
    assertThat((CommandRun.of("--help").out() + CommandRun.of("embed", "--help").out()).lines())
        .allSatisfy(line -> assertThat(line).hasSizeLessThanOrEqualTo(80));
  }

  @Test
  void versionOutsideAJarIsDevelopment() {
    CommandRun run = CommandRun.of("--version");
    assertThat(run.status()).isZero();
    assertThat(run.out()).isEqualTo("embedcl development (Java " + Runtime.version() + ")\n");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          ''                              | no command given: use 'devices' or 'embed' (see 'embedcl --help')
          device                          | unexpected argument 'device', did you mean devices? (see 'embedcl --help')
          devices --jsn                   | unknown option '--jsn', did you mean --json? (see 'embedcl devices --help')
          embed                           | missing required parameter: 'FILE' (see 'embedcl embed --help')
          embed a b                       | unexpected argument 'b' (see 'embedcl embed --help')
          embed a --batch-size 0          | invalid value for option '--batch-size': '0' is not a whole number from 1 to 2147483647 (see 'embedcl embed --help')
          embed a --stride -1             | invalid value for option '--stride': '-1' is not a whole number from 1 to 2147483647 (see 'embedcl embed --help')
          embed a --max-length 0          | invalid value for option '--max-length': '0' is not a whole number from 1 to 2147483647 (see 'embedcl embed --help')
          embed a --dim 1.5               | invalid value for option '--dim': '1.5' is not a whole number from 1 to 2147483647 (see 'embedcl embed --help')
          embed a --dim 2147483648        | invalid value for option '--dim': '2147483648' is not a whole number from 1 to 2147483647 (see 'embedcl embed --help')
          embed a --seed x                | invalid value for option '--seed': 'x' is not a whole number from -9223372036854775808 to 9223372036854775807 (see 'embedcl embed --help')
          embed a --positions rope        | invalid value for option '--positions': 'rope' is not one of learned, none (see 'embedcl embed --help')
          embed a --dim 1 --dim 2         | option '--dim' (N) should be specified only once (see 'embedcl embed --help')
          embed a --output b.txt          | --output b.txt: the format is not known: use a name that ends in .safetensors or .npy (see 'embedcl embed --help')
          embed a --token-table t         | --token-table t: names a table of a file: add --weights FILE (see 'embedcl embed --help')
          embed a --position-table p      | --position-table p: names a table of a file: add --weights FILE (see 'embedcl embed --help')
          embed a --weights w --seed 1    | --seed 1: nothing is drawn at random when --weights gives the tables: use one of the two (see 'embedcl embed --help')
          embed a --weights w --position-table p --positions none | --position-table p: no positions are added with --positions none: use one of the two (see 'embedcl embed --help')
          embed a.npy --output ./a.npy    | --output ./a.npy: is the same file as the text: choose another name (see 'embedcl embed --help')
          embed a --weights b.npy -o b.npy | --output b.npy: is the same file as --weights: choose another name (see 'embedcl embed --help')
          embed a --save-weights a        | --save-weights a: is the same file as the text: choose another name (see 'embedcl embed --help')
          embed a --save-weights x/../b.npy -o b.npy | --output b.npy: is the same file as --save-weights: choose another name (see 'embedcl embed --help')
          embed a --batch-size 65536 --max-length 32768 | --batch-size 65536 times --max-length 32768 is more than 2147483639 tokens at a time: use a smaller --batch-size (see 'embedcl embed --help')
          """)
  void wrongUsageIsOneLineAndStatusTwo(String args, String message) {
    CommandRun run = CommandRun.of(args.isEmpty() ? new Object[0] : args.split(" +"));
    assertThat(run.err()).isEqualTo("embedcl: " + message + "\n");
    assertThat(run.out()).isEmpty();
    assertThat(run.status()).isEqualTo(2);
  }

  @Test
  void stackTraceIsPrintedWhereItIsAskedFor() {
    assertThat(CommandRun.of("embed", "nowhere", "--stacktrace").err())
        .startsWith("embedcl: nowhere: no such file: check the path\n")
        .contains("\tat dev.embedcl.cli.");
    assertThat(CommandRun.of("embed", "--dim", "0", "--stacktrace").err())
        .contains("\tat picocli.");
  }

  @Test
  void standardOutputThatCannotBeWrittenIsAFailure() {
    StringWriter err = new StringWriter();
    PrintWriter closed = new PrintWriter(Writer.nullWriter());
    closed.close();
    closed.print("makes the error known");
    int status =
        EmbedClCommand.run(InputStream.nullInputStream(), closed, new PrintWriter(err), "devices");
    assertThat(status).isEqualTo(1);
    assertThat(err).asString().startsWith("embedcl: standard output cannot be written");
  }
}
