package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.init.TorchGenerator;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.text.Gpt2Tokenizer;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** {@code --weights} and {@code --save-weights}. */
final class TableFileTest {
  private static final int ROWS = EmbedReference.VOCABULARY;
  private static final int DIM = 8;
  private static final String TEXT = "one two three four five six seven eight nine ten";

  @TempDir private Path directory;
  private Path text;
  private Path weights;
  private Path output;

  @BeforeEach
  void writeText() throws IOException {
    text = Files.writeString(directory.resolve("text.txt"), TEXT);
    weights = directory.resolve("weights.safetensors");
    output = directory.resolve("out.safetensors");
  }

  @Test
  void savedTablesGiveTheSameEmbeddings() throws IOException {
    Path again = directory.resolve("again.safetensors");
    CommandRun saving =
        CommandRun.of(
            "embed",
            text,
            "--device",
            "cpu",
            "--dim",
            DIM,
            "--max-length",
            3,
            "-o",
            output,
            "--save-weights",
            weights);
    assertThat(saving.status()).isZero();
    assertThat(saving.out()).contains("\ntables      " + weights + ", ");
    CommandRun loading = embed("-o", again);
    assertThat(loading.err()).isEmpty();
    assertThat(loading.out())
        .contains("[3, 3, 8] float32, tables of " + weights + ", positions learned");
    assertThat(embeddings(again)).isEqualTo(embeddings(output));
    try (SafetensorsReader saved = Safetensors.open(weights)) {
      assertThat(saved.names()).containsExactlyInAnyOrder("wte.weight", "wpe.weight");
      assertThat(saved.spec("wpe.weight").shape()).isEqualTo(Shape.of(3, DIM));
      assertThat(saved.metadata()).isEqualTo(Map.of("seed", "123"));
    }
  }

  @Test
  void tablesAreSavedWithoutAnOutput() {
    CommandRun run = CommandRun.embed(text, "--save-weights", weights, "--positions", "none");
    assertThat(run.status()).isZero();
    assertThat(weights).isNotEmptyFile();
    assertThat(embed("--positions", "none", "-o", output).status()).isZero();
    assertThat(embed("-o", output).err()).contains("has no positional table of a usual name");
  }

  @Test
  void metadataNameTheTablesByTheirContent() throws IOException {
    Path copy = directory.resolve("another name.safetensors");
    save(table(DType.FLOAT32, ROWS, 1), "wte.weight", table(DType.FLOAT32, 4, 2), "wpe.weight");
    Files.copy(weights, copy);
    assertThat(embed("-o", output).status()).isZero();
    Path again = directory.resolve("again.safetensors");
    assertThat(
            CommandRun.of(
                    "embed",
                    text,
                    "--device",
                    "cpu",
                    "--max-length",
                    3,
                    "--weights",
                    copy,
                    "-o",
                    again)
                .status())
        .isZero();
    assertThat(again).hasSameBinaryContentAs(output);
    try (SafetensorsReader file = Safetensors.open(output)) {
      assertThat(file.metadata()).doesNotContainKey("seed");
      assertThat(file.metadata().get("weights_sha256")).matches("[0-9a-f]{64}");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "wte.weight, wpe.weight",
    "transformer.wte.weight, transformer.wpe.weight",
    "embeddings.word_embeddings.weight, embeddings.position_embeddings.weight",
    "bert.embeddings.word_embeddings.weight, bert.embeddings.position_embeddings.weight"
  })
  void usualNamesAreFound(String tokens, String positions) throws IOException {
    save(table(DType.FLOAT32, ROWS, 1), tokens, table(DType.FLOAT32, 4, 2), positions);
    assertThat(embed("-o", output).err()).isEmpty();
    assertThat(embeddings(output)).isEqualTo(expected());
  }

  @Test
  void otherNamesAreTakenWhenGiven() throws IOException {
    save(table(DType.FLOAT32, ROWS, 1), "emb", table(DType.FLOAT32, 4, 2), "wpe.weight.old");
    assertThat(embed("-o", output).err())
        .isEqualTo(
            "embedcl: "
                + weights
                + " has no token table of a usual name (wte.weight, word_embeddings.weight); it"
                + " has emb, wpe.weight.old: use --token-table NAME\n");
    CommandRun run =
        embed("-o", output, "--token-table", "emb", "--position-table", "wpe.weight.old");
    assertThat(run.err()).isEmpty();
    assertThat(embeddings(output)).isEqualTo(expected());
    assertThat(embed("--token-table", "other").err())
        .isEqualTo(
            "embedcl: "
                + weights
                + " has no tensor 'other'; it has emb, wpe.weight.old: use --token-table NAME\n");
  }

  @ParameterizedTest
  @EnumSource(names = {"FLOAT16", "BFLOAT16"})
  void halfPrecisionBecomesFloat32Exactly(DType type) throws IOException {
    save(table(type, ROWS, 1), "wte.weight", table(type, 4, 2), "wpe.weight");
    assertThat(embed("-o", output).err()).isEmpty();
    Path wide = directory.resolve("wide.safetensors");
    try (SafetensorsReader half = Safetensors.open(weights);
        HostTensor tokens = widened(half.tensor("wte.weight"));
        HostTensor positions = widened(half.tensor("wpe.weight"))) {
      Safetensors.save(wide, Map.of("wte.weight", tokens, "wpe.weight", positions), Map.of());
    }
    Files.move(wide, weights, StandardCopyOption.REPLACE_EXISTING);
    Path again = directory.resolve("again.safetensors");
    assertThat(embed("-o", again).err()).isEmpty();
    assertThat(again).hasSameBinaryContentAs(output);
  }

  @Test
  void largerTablesGiveTheirFirstRows() throws IOException {
    save(
        table(DType.FLOAT32, ROWS + 47, 1), "wte.weight", table(DType.FLOAT32, 9, 2), "wpe.weight");
    assertThat(embed("-o", output).err()).isEmpty();
    assertThat(embeddings(output)).isEqualTo(expected());
  }

  @Test
  void tableSmallerThanTheVocabularyNamesBoth() throws IOException {
    save(table(DType.FLOAT32, 30522, 1), "wte.weight", table(DType.FLOAT32, 4, 2), "wpe.weight");
    expectFailure(
        embed("-o", output),
        ": 'wte.weight' has 30522 rows, GPT-2's vocabulary has 50257 tokens: use tables that were"
            + " trained with this vocabulary");
  }

  @Test
  void positionsShorterThanAWindowNameBoth() throws IOException {
    save(table(DType.FLOAT32, ROWS, 1), "wte.weight", table(DType.FLOAT32, 2, 2), "wpe.weight");
    expectFailure(
        embed("-o", output),
        ": 'wpe.weight' has 2 rows, --max-length is 3: use --max-length 2 or less");
  }

  @Test
  void otherDimensionThanTheFilesIsWrongUsage() throws IOException {
    save(table(DType.FLOAT32, ROWS, 1), "wte.weight", table(DType.FLOAT32, 4, 2), "wpe.weight");
    assertThat(embed("--dim", DIM, "-o", output).status()).isZero();
    Files.delete(output);
    CommandRun run = embed("--dim", 16, "-o", output);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.err())
        .isEqualTo(
            "embedcl: --dim 16: the tables of "
                + weights
                + " have dimension 8: leave --dim out (see 'embedcl embed --help')\n");
    assertThat(output).doesNotExist();
  }

  @Test
  void tablesThatDoNotFitEachOtherAreRefused() throws IOException {
    save(
        table(DType.FLOAT32, ROWS, 1),
        "wte.weight",
        HostTensor.allocate(DType.FLOAT32, Shape.of(4, DIM + 1)),
        "wpe.weight");
    expectFailure(
        embed("-o", output),
        ": 'wte.weight' has dimension 8, 'wpe.weight' 9: name two that belong together with"
            + " --token-table and --position-table");
  }

  @Test
  void whatIsNoFloatTableIsRefused() throws IOException {
    save(
        HostTensor.allocate(DType.INT64, Shape.of(4, DIM)),
        "wte.weight",
        HostTensor.allocate(DType.FLOAT32, Shape.of(4)),
        "wpe.weight");
    expectFailure(
        embed("-o", output), ": 'wte.weight' is INT64: convert it to FLOAT32, FLOAT16 or BFLOAT16");
    expectFailure(
        embed("--token-table", "wpe.weight", "-o", output),
        ": 'wpe.weight' has shape [4], not [rows, dim]: use --token-table NAME");
  }

  @Test
  void severalTablesOfAUsualNameHaveToBeChosenFrom() throws IOException {
    save(
        table(DType.FLOAT32, ROWS, 1),
        "a.wte.weight",
        table(DType.FLOAT32, ROWS, 2),
        "b.wte.weight");
    expectFailure(
        embed("-o", output),
        " has several token tables, a.wte.weight, b.wte.weight: choose with --token-table NAME");
    CommandRun run =
        embed("--token-table", "a.wte.weight", "--position-table", "b.wte.weight", "-o", output);
    assertThat(run.err()).isEmpty();
    assertThat(embeddings(output)).isEqualTo(expected());
  }

  @Test
  void missingAndDamagedFilesAreNamed() throws IOException {
    assertThat(embed("-o", output).err())
        .isEqualTo("embedcl: " + weights + ": no such file or directory; check the path\n");
    Files.writeString(weights, "version https://git-lfs.github.com/spec/v1");
    CommandRun run = embed("-o", output);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err()).startsWith("embedcl: " + weights + ": ").hasLineCount(1);
    assertThat(output).doesNotExist();
  }

  private CommandRun embed(Object... options) {
    Object[] first = {"embed", text, "--device", "cpu", "--max-length", 3, "--weights", weights};
    Object[] all = Arrays.copyOf(first, first.length + options.length);
    System.arraycopy(options, 0, all, first.length, options.length);
    return CommandRun.of(all);
  }

  private void expectFailure(CommandRun run, String message) {
    assertThat(run.err()).isEqualTo("embedcl: " + weights + message + "\n");
    assertThat(run.status()).isEqualTo(1);
    assertThat(output).doesNotExist();
  }

  private void save(HostTensor one, String oneName, HostTensor other, String otherName)
      throws IOException {
    try (one;
        other) {
      Safetensors.save(weights, Map.of(oneName, one, otherName, other), Map.of());
    }
  }

  /** Returns [rows, DIM] normal values of a seed, rounded to {@code type}. */
  private static HostTensor table(DType type, int rows, long seed) {
    float[] values = EmbedReference.normal(new TorchGenerator(seed), rows * DIM);
    HostTensor table = HostTensor.allocate(type, Shape.of(rows, DIM));
    for (int i = 0; i < values.length; i++) {
      switch (type) {
        case FLOAT32 -> table.segment().setAtIndex(ValueLayout.JAVA_FLOAT, i, values[i]);
        case FLOAT16 ->
            table.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(values[i]));
        default ->
            table
                .segment()
                .setAtIndex(
                    ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(values[i]) >> 16));
      }
    }
    return table;
  }

  private static HostTensor widened(HostTensor half) {
    HostTensor wide = HostTensor.allocate(DType.FLOAT32, half.shape());
    for (long i = 0; i < half.elements(); i++) {
      short bits = half.segment().getAtIndex(ValueLayout.JAVA_SHORT, i);
      wide.segment()
          .setAtIndex(
              ValueLayout.JAVA_FLOAT,
              i,
              half.type() == DType.FLOAT16
                  ? Float.float16ToFloat(bits)
                  : Float.intBitsToFloat(bits << 16));
    }
    return wide;
  }

  /** Returns the embeddings of tables of seeds 1 and 2. */
  private static List<Float> expected() {
    float[] tokens = EmbedReference.normal(new TorchGenerator(1), ROWS * DIM);
    float[] positions = EmbedReference.normal(new TorchGenerator(2), 4 * DIM);
    int[] ids = Gpt2Tokenizer.load().encode(TEXT);
    List<Float> expected = new ArrayList<>();
    for (int i = 0; i < 3 * 3 * DIM; i++) {
      expected.add(tokens[ids[i / DIM] * DIM + i % DIM] + positions[i % (3 * DIM)]);
    }
    return expected;
  }

  private static List<Float> embeddings(Path file) throws IOException {
    try (SafetensorsReader reader = Safetensors.open(file)) {
      return EmbedCommandTest.floats(reader.tensor("input_embeddings"));
    }
  }
}
