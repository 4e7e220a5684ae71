package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.io.Npy;
import dev.embedcl.io.NpyReader;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.opencl.OpenClTestDevice;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code embed} writes and prints when nothing is wrong. */
final class EmbedCommandTest {
  private static final String TEXT =
      "It was the best of times, it was the worst of times: naïve 🙂\n<|endoftext|>In the age of"
          + " wisdom it was, or of foolishness.\n";

  @TempDir private Path directory;
  private Path text;
  private Path output;

  @BeforeEach
  void writeText() throws IOException {
    text = Files.writeString(directory.resolve("text.txt"), TEXT);
    output = directory.resolve("out.safetensors");
  }

  @Test
  void safetensorsHoldIdsTargetsAndEmbeddings() throws IOException {
    CommandRun run =
        CommandRun.embed(text, "--stride", 3, "--batch-size", 4, "--seed", 7, "-o", output);
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    EmbedReference expected = EmbedReference.of(TEXT, 4, 3, 8, 7, true);
    long windows = expected.inputIds().size() / 4;
    assertThat(windows % 4).as("windows in the last, short batch").isEqualTo(2);
    try (SafetensorsReader file = Safetensors.open(output)) {
      assertThat(file.names())
          .containsExactlyInAnyOrder("input_ids", "target_ids", "input_embeddings");
      assertThat(file.spec("input_ids").shape()).isEqualTo(Shape.of(windows, 4));
      assertThat(file.spec("target_ids").shape()).isEqualTo(Shape.of(windows, 4));
      assertThat(file.spec("input_embeddings").shape()).isEqualTo(Shape.of(windows, 4, 8));
      assertThat(longs(file.tensor("input_ids"))).isEqualTo(expected.inputIds());
      assertThat(longs(file.tensor("target_ids"))).isEqualTo(expected.targetIds());
      assertThat(floats(file.tensor("input_embeddings"))).isEqualTo(expected.embeddings());
      assertThat(file.metadata())
          .containsExactlyInAnyOrderEntriesOf(
              Map.of(
                  "tokenizer", "gpt2",
                  "windows", Long.toString(windows),
                  "max_length", "4",
                  "stride", "3",
                  "dim", "8",
                  "positions", "learned",
                  "seed", "7"));
    }
  }

  @Test
  void npyHoldsTheEmbeddingsAlone() throws IOException {
    Path npy = directory.resolve("OUT.NPY");
    assertThat(CommandRun.embed(text, "-o", npy).status()).isZero();
    EmbedReference expected = EmbedReference.of(TEXT, 4, 4, 8, 123, true);
    try (NpyReader file = Npy.open(npy)) {
      assertThat(file.shape()).isEqualTo(Shape.of(expected.inputIds().size() / 4, 4, 8));
      assertThat(floats(file.tensor())).isEqualTo(expected.embeddings());
    }
  }

  @Test
  void withoutPositionsTheTokenVectorsAreLeftAsTheyAre() throws IOException {
    assertThat(CommandRun.embed(text, "--positions", "none", "-o", output).status()).isZero();
    try (SafetensorsReader file = Safetensors.open(output)) {
      assertThat(floats(file.tensor("input_embeddings")))
          .isEqualTo(EmbedReference.of(TEXT, 4, 4, 8, 123, false).embeddings());
      assertThat(file.metadata()).containsEntry("positions", "none");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 8, 100_000_000})
  void bytesDependNeitherOnTheRunNorOnTheBatchSize(int batchSize) throws IOException {
    Path again = directory.resolve("again.safetensors");
    assertThat(CommandRun.embed(text, "-o", output).status()).isZero();
    assertThat(CommandRun.embed(text, "--batch-size", batchSize, "-o", again).status()).isZero();
    assertThat(again).hasSameBinaryContentAs(output);
  }

  @Test
  void bytesAreTheSameOnOpenClDevices() throws IOException {
    OpenClTestDevice.require();
    Path there = directory.resolve("opencl.safetensors");
    assertThat(CommandRun.embed(text, "-o", output).status()).isZero();
    CommandRun run =
        CommandRun.of(
            "embed", text, "--dim", 8, "--max-length", 4, "--device", "opencl", "-o", there);
    assertThat(run.err()).isEmpty();
    assertThat(run.out()).startsWith("device      opencl:");
    assertThat(there).hasSameBinaryContentAs(output);
  }

  @Test
  void standardInputGivesWhatTheFileGives() throws IOException {
    Path piped = directory.resolve("piped.safetensors");
    CommandRun run =
        CommandRun.withInput(
            new ByteArrayInputStream(TEXT.getBytes(StandardCharsets.UTF_8)),
            "embed",
            "-",
            "--device",
            "cpu",
            "--dim",
            8,
            "--max-length",
            4,
            "-o",
            piped);
    assertThat(run.status()).isZero();
    assertThat(run.out()).contains("text        standard input, 122 characters, 32 tokens\n");
    assertThat(CommandRun.embed(text, "-o", output).status()).isZero();
    assertThat(piped).hasSameBinaryContentAs(output);
  }

  @Test
  void summarySaysWhatWasDone() throws IOException {
    CommandRun run = CommandRun.embed(text, "--stride", 2, "-o", output);
    EmbedReference reference = EmbedReference.of(TEXT, 4, 2, 8, 123, true);
    assertThat(run.err()).as("nothing but errors goes there").isEmpty();
    assertThat(run.out())
        .matches(
            """
            device      cpu ".+" \\(.+\\)
            text        %s, 122 characters, 32 tokens
            windows     %d of 4 tokens, stride 2
            embeddings  \\[%d, 4, 8\\] float32, seed 123, positions learned
            file        %s, [0-9,]+ bytes
            speed       [0-9,]+ tokens/s \\(%d tokens in [0-9]+\\.[0-9]{3} s\\)
            time        [0-9.]+ s: tokenizer [0-9.]+, device [0-9.]+, tables [0-9.]+, windows [0-9.]+, kernel [0-9.]+, file [0-9.]+
            """
                .formatted(
                    text,
                    reference.inputIds().size() / 4,
                    reference.inputIds().size() / 4,
                    output,
                    reference.inputIds().size()));
  }

  @Test
  void withoutOutputTheFirstVectorsAreShown() throws IOException {
    CommandRun run = CommandRun.embed(text);
    List<Float> values = EmbedReference.of(TEXT, 4, 4, 8, 123, true).embeddings();
    StringBuilder first = new StringBuilder("   1026 \"It\"          ");
    for (int d = 0; d < 6; d++) {
      first.append(String.format(java.util.Locale.ROOT, " %10.6f", values.get(d)));
    }
    assertThat(run.status()).isZero();
    assertThat(run.out())
        .contains("\nFirst 6 of 8 values of the first 3 of ")
        .contains("\n" + first + "\n")
        .contains("\n    262 \" the\"");
    assertThat(directory).isDirectoryNotContaining(file -> !file.equals(text));
  }

  @Test
  void verboseNamesTheDeviceOnStandardError() {
    assertThat(CommandRun.embed(text, "--verbose").err())
        .startsWith("embedcl: using cpu \"")
        .hasLineCount(1);
  }

  static List<Long> longs(HostTensor tensor) {
    List<Long> values = new ArrayList<>();
    for (long i = 0; i < tensor.elements(); i++) {
      values.add(tensor.segment().getAtIndex(ValueLayout.JAVA_LONG, i));
    }
    return values;
  }

  static List<Float> floats(HostTensor tensor) {
    List<Float> values = new ArrayList<>();
    for (long i = 0; i < tensor.elements(); i++) {
      values.add(tensor.segment().getAtIndex(ValueLayout.JAVA_FLOAT, i));
    }
    return values;
  }
}
