package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code embed} says when it cannot do its work, and that nothing is left then. */
final class EmbedFailureTest {
  @TempDir private Path directory;
  private Path text;
  private Path output;

  @BeforeEach
  void writeText() throws IOException {
    text = Files.writeString(directory.resolve("text.txt"), "one two three four five six seven");
    output = directory.resolve("out.safetensors");
  }

  @Test
  void missingTextIsNamed() throws IOException {
    Path missing = directory.resolve("missing.txt");
    expectFailure(
        CommandRun.embed(missing, "-o", output), missing + ": no such file: check the path");
  }

  @Test
  void directoryIsNoText() throws IOException {
    expectFailure(
        CommandRun.embed(directory, "-o", output),
        directory + ": is a directory: name a text file");
  }

  @Test
  void shortTextNamesTokensAndTheLengthThatFits() throws IOException {
    expectFailure(
        CommandRun.of("embed", text, "--device", "cpu", "--max-length", 7, "-o", output),
        text
            + ": has 7 tokens, --max-length 7 needs at least 8: use --max-length 6 or less, or a"
            + " longer text");
  }

  @Test
  void textOfNoneOrOneTokenFitsNoLength() throws IOException {
    Files.writeString(text, "");
    expectFailure(
        CommandRun.embed(text, "-o", output),
        text + ": has 0 tokens, --max-length 4 needs at least 5: use a longer text");
    Files.writeString(text, "one");
    expectFailure(
        CommandRun.embed(text, "-o", output),
        text + ": has 1 token, --max-length 4 needs at least 5: use a longer text");
  }

  @Test
  void malformedUtf8IsNamedWithItsOffset() throws IOException {
    Files.write(text, "gr\u00fcn".getBytes(StandardCharsets.ISO_8859_1));
    CommandRun run = CommandRun.embed(text, "-o", output);
    assertThat(run.err())
        .startsWith("embedcl: " + text + ": byte 2 (0xFC) is not valid UTF-8; ")
        .hasLineCount(1);
    expectNothingLeft(run);
  }

  @Test
  void missingDirectoryOfTheOutputIsNamed() throws IOException {
    Path missing = directory.resolve("missing");
    expectFailure(
        CommandRun.embed(text, "-o", missing.resolve("out.npy")),
        "--output "
            + missing.resolve("out.npy")
            + ": there is no directory "
            + missing
            + ": create it first");
    expectFailure(
        CommandRun.embed(text, "--save-weights", missing.resolve("w"), "-o", output),
        "--save-weights "
            + missing.resolve("w")
            + ": there is no directory "
            + missing
            + ": create it first");
  }

  @Test
  void outputCannotReplaceADirectory() throws IOException {
    Path taken = Files.createDirectory(directory.resolve("taken.npy"));
    CommandRun run = CommandRun.embed(text, "-o", taken);
    assertThat(run.err())
        .isEqualTo("embedcl: --output " + taken + ": is a directory: name a file in it\n");
    assertThat(run.status()).isEqualTo(1);
    assertThat(taken).isEmptyDirectory();
  }

  @Test
  void unknownDeviceIsNamedWithTheOnesThatAlwaysWork() throws IOException {
    CommandRun run =
        CommandRun.of(
            "embed", text, "--max-length", 4, "--dim", 8, "--device", "no such", "-o", output);
    assertThat(run.err())
        .startsWith("embedcl: device 'no such' cannot be used: ")
        .endsWith("'cpu' needs no driver\n");
    expectNothingLeft(run);
  }

  @Test
  void tablesThatFitNowhereNameNeededAndAvailableBytes() throws IOException {
    CommandRun run =
        CommandRun.of(
            "embed",
            text,
            "--device",
            "cpu",
            "--max-length",
            4,
            "--dim",
            Integer.MAX_VALUE,
            "-o",
            output);
    assertThat(run.err())
        .contains(Long.toString(EmbedReference.VOCABULARY * (4L * Integer.MAX_VALUE)))
        .doesNotContain("unexpected");
    expectNothingLeft(run);
  }

  @Test
  void failureAfterTheLastBatchLeavesNoOutput() throws IOException {
    CommandRun run = CommandRun.embed(text, "--save-weights", "/dev/null", "-o", output);
    assertThat(run.err()).contains("/dev/null").hasLineCount(1);
    expectNothingLeft(run);
  }

  @Test
  void earlierOutputStaysWhereTheNewOneFails() throws IOException {
    assertThat(CommandRun.embed(text, "-o", output).status()).isZero();
    byte[] before = Files.readAllBytes(output);
    assertThat(CommandRun.embed(text, "--save-weights", "/dev/null", "-o", output).status())
        .isEqualTo(1);
    assertThat(output).hasBinaryContent(before);
  }

  private void expectFailure(CommandRun run, String message) throws IOException {
    assertThat(run.err()).isEqualTo("embedcl: " + message + "\n");
    expectNothingLeft(run);
  }

  private void expectNothingLeft(CommandRun run) throws IOException {
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.out()).isEmpty();
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files.toList()).isEqualTo(List.of(text));
    }
  }
}
