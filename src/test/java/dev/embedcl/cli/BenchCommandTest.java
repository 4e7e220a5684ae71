package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code embedcl bench}: what it prints and draws, not how fast anything is. */
final class BenchCommandTest {
  private static final List<Object> TINY =
      List.of(
          "bench",
          "--device",
          "cpu",
          "--seconds",
          0.01,
          "--copy-mib",
          1,
          "--vocabulary",
          70,
          "--dim",
          5,
          "--length",
          16);

  @TempDir private Path directory;

  @Test
  void everyOperationHasTimeSpeedAndShare() {
    CommandRun run = run();
    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    List<String> lines = run.out().lines().toList();
    assertThat(lines.get(0)).startsWith("device      cpu ");
    assertThat(lines.get(1)).isEqualTo("shape       8 x 16 ids, table [70, 5] float32");
    assertThat(lines.subList(4, lines.size()))
        .allSatisfy(line -> assertThat(line).matches(".{34} +[0-9.]+ µs +[0-9.]+ +[0-9]+ %"))
        .extracting(line -> line.substring(0, 34).strip())
        .containsExactly(
            "copy",
            "forward, uniform ids",
            "backward, uniform ids",
            "SGD step, uniform ids",
            "forward, SGD step, uniform ids",
            "forward, Zipf ids",
            "backward, Zipf ids",
            "SGD step, Zipf ids",
            "forward, SGD step, Zipf ids");
    assertThat(lines.get(4)).endsWith(" 100 %");
  }

  @Test
  void chartsArePicturesOfTheKindTheirNameSays() throws IOException {
    Path png = directory.resolve("chart.png");
    assertThat(run("--plot", png).out()).endsWith("\nchart       " + png + "\n");
    assertThat(Files.readAllBytes(png)).startsWith(0x89, 'P', 'N', 'G');
    Path svg = directory.resolve("chart.SVG");
    assertThat(run("--plot", svg).status()).isZero();
    assertThat(svg).content().startsWith("<?xml").contains("<svg");
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).containsExactlyInAnyOrder(png, svg);
    }
  }

  @Test
  void wrongOptionsAreNamedBeforeAnythingIsMeasured() {
    expectUsage("--seconds 0.0: give a time above 0 and up to 3600", "--seconds", 0);
    expectUsage("--plot chart.gif: charts are .svg or .png files; name one", "--plot", "chart.gif");
    expectUsage(
        "--batch-size 100000 times --length 100000 exceeds 2^31-9 ids per call: make one smaller",
        "--batch-size",
        100_000,
        "--length",
        100_000);
    Path nowhere = directory.resolve("nowhere").resolve("chart.png");
    CommandRun run = run("--plot", nowhere);
    assertThat(run.status()).isEqualTo(1);
    assertThat(run.err()).contains(nowhere + ": there is no directory ");
  }

  private static void expectUsage(String message, Object... options) {
    CommandRun run = run(options);
    assertThat(run.err()).contains(message).hasLineCount(1);
    assertThat(run.status()).isEqualTo(2);
    assertThat(run.out()).isEmpty();
  }

  /** Runs tiny measurements; an option given again replaces the first. */
  private static CommandRun run(Object... options) {
    List<Object> args = new ArrayList<>(TINY);
    for (int i = 0; i < options.length; i += 2) {
      int at = args.indexOf(options[i]);
      if (at >= 0) {
        args.set(at + 1, options[i + 1]);
      } else {
        args.addAll(Arrays.asList(options[i], options[i + 1]));
      }
    }
    return CommandRun.of(args.toArray());
  }
}
