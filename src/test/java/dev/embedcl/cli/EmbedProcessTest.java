package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command in processes of its own: exit status, streams, signals and memory. */
final class EmbedProcessTest {
  private static final Redirect NO_INPUT = Redirect.from(Path.of("/dev/null").toFile());

  @TempDir private Path directory;
  @TempDir private Path logs;
  private Path text;
  private Path output;

  @BeforeEach
  void writeText() throws IOException {
    text = Files.writeString(directory.resolve("text.txt"), "one two three four five six seven");
    output = directory.resolve("out.safetensors");
  }

  @Test
  void nothingButTheSummaryIsPrinted() throws Exception {
    CommandRun run =
        run(Map.of(), List.of(), "embed", text, "--max-length", 4, "--dim", 8, "-o", output);
    assertThat(run.status()).isZero();
    assertThat(run.err()).as("neither logs nor a progress bar").isEmpty();
    assertThat(run.out().lines().map(line -> line.split(" ", 2)[0]))
        .containsExactly("device", "text", "windows", "embeddings", "file", "speed", "time");
  }

  @Test
  void exitStatusTellsFailureFromWrongUsage() throws Exception {
    assertThat(run(Map.of(), List.of(), "embed", "missing.txt").status()).isEqualTo(1);
    CommandRun wrong = run(Map.of(), List.of(), "embed");
    assertThat(wrong.status()).isEqualTo(2);
    assertThat(wrong.err()).hasLineCount(1);
  }

  @Test
  void deviceComesFromOptionPropertyEnvironmentInThisOrder() throws Exception {
    Map<String, String> environment = Map.of("EMBEDCL_DEVICE", "from the environment");
    List<String> property = List.of("-Dembedcl.device=from the property");
    Object[] args = {"embed", text, "--max-length", 4, "--dim", 8};
    assertThat(run(environment, List.of(), args).err()).contains("'from the environment'");
    assertThat(run(environment, property, args).err()).contains("'from the property'");
    CommandRun named =
        run(environment, property, "embed", text, "--max-length", 4, "--device", "an option");
    assertThat(named.err()).contains("'an option'");
  }

  @Test
  void withoutOpenClPlatformsTheCpuGivesTheSameBytes() throws Exception {
    Path vendors = Files.createDirectory(logs.resolve("vendors"));
    Map<String, String> noPlatforms = Map.of("OCL_ICD_VENDORS", vendors.toString());
    CommandRun devices = run(noPlatforms, List.of(), "devices");
    assertThat(devices.err()).isEmpty();
    assertThat(devices.out())
        .matches(
            "(?s)  DEVICE +TYPE +NAME +UNITS +MEMORY +LARGEST BUFFER +PROFILE +DRIVER\\n\\* cpu +java .*\\n\\n"
                + "\\* taken by --device auto, the default\\n\\n"
                + "Cannot be used:\\n  OpenCL: .+\\n    .+\\n");
    CommandRun there =
        run(noPlatforms, List.of(), "embed", text, "--max-length", 4, "--dim", 8, "-o", output);
    assertThat(there.out()).startsWith("device      cpu ");
    Path here = directory.resolve("here.safetensors");
    assertThat(CommandRun.embed(text, "-o", here).status()).isZero();
    assertThat(output).hasSameBinaryContentAs(here);
  }

  @Test
  void politeKillLeavesNoPartOfTheOutput() throws Exception {
    Files.writeString(text, "word ".repeat(400_000));
    ChildProcess child =
        ChildProcess.start(
            logs,
            NO_INPUT,
            Map.of(),
            List.of(),
            "embed",
            text,
            "--device",
            "cpu",
            "--dim",
            1,
            "--max-length",
            64,
            "--stride",
            1,
            "--batch-size",
            1,
            "-o",
            output);
    while (child.process().isAlive() && files().size() == 1) {
      Thread.onSpinWait();
    }
    assertThat(files()).as("text and part file, while it is being written").hasSize(2);
    child.process().destroy();
    CommandRun run = child.await();
    assertThat(run.status()).isEqualTo(128 + 15);
    assertThat(run.err()).isEmpty();
    assertThat(files()).containsExactly(text);
  }

  @Test
  @Tag("soak")
  void memoryStaysBoundedHoweverLongTheText() throws Exception {
    long words = 10_000_000;
    try (BufferedWriter writer = Files.newBufferedWriter(text)) {
      for (long i = 0; i < words; i++) {
        writer.write(i % 10 == 9 ? " end\n" : " word");
      }
    }
    ChildProcess child =
        ChildProcess.start(
            logs,
            Redirect.from(text.toFile()),
            Map.of(),
            List.of("-Xmx64m", "-XX:MaxDirectMemorySize=16m"),
            "embed",
            "-",
            "--device",
            "cpu",
            "--dim",
            4,
            "-o",
            output);
    CommandRun run = child.await();
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    try (SafetensorsReader file = Safetensors.open(output)) {
      long tokens = words + words / 10;
      long windows = (tokens - 256 - 1) / 256 + 1;
      assertThat(file.spec("input_ids").shape().size(0)).isEqualTo(windows);
      assertThat(file.tensor("target_ids").segment().getAtIndex(ValueLayout.JAVA_LONG, 9))
          .as("the line end, a token of its own")
          .isEqualTo(198);
    }
  }

  private CommandRun run(Map<String, String> environment, List<String> options, Object... args)
      throws IOException, InterruptedException {
    return ChildProcess.start(logs, NO_INPUT, environment, options, args).await();
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
