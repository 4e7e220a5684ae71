package dev.embedcl.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.bench.report.Comparison.Case;
import dev.embedcl.bench.report.Comparison.Copy;
import dev.embedcl.bench.report.Comparison.Way;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonTest {
  private static final Case CASE = new Case(Row.FORWARD_INTO, "", "uniform", 1);

  /** The second round runs at half speed, for all alike. */
  private final Comparison comparison =
      new Comparison(
          List.of(
              copy(1, 20),
              copy(2, 10),
              measurement(Subject.OURS, 1, "into cpu", 100, 10),
              measurement(Subject.OURS, 2, "into cpu", 200, 5),
              measurement(Subject.OURS, 1, "into opencl", 50, 20),
              measurement(Subject.PYTORCH, 1, "intoSlow", 900, 1),
              measurement(Subject.PYTORCH, 1, "intoFast", 300, 3),
              measurement(Subject.PYTORCH_HUGE_PAGES, 1, "intoFast", 250, 4),
              measurement(Subject.PYTORCH_HUGE_PAGES, 2, "intoFast", 500, 2)));

  @Test
  void timesAreMediansOverRounds() {
    assertThat(comparison.ours(CASE).orElseThrow().micros()).isEqualTo(150);
  }

  @Test
  void ratiosAreFormedInsideEachRound() {
    var ours = comparison.ours(CASE).orElseThrow();
    var fast = comparison.fastest(CASE, way -> way.subject() == Subject.PYTORCH).orElseThrow();
    assertThat(Comparison.timesAsFast(ours, fast)).isEqualTo(3.0);
    assertThat(comparison.share(ours, Copy.MIB_24)).isEqualTo(0.5);
  }

  @Test
  void bestPeerIsTheFastestWayOfAnyPeer() {
    var best = comparison.bestPeer(CASE).orElseThrow();
    assertThat(best.name()).isEqualTo("intoFast");
    assertThat(best.subject()).isEqualTo(Subject.PYTORCH);
  }

  @Test
  void openClIsNotOursInPureJava() {
    assertThat(comparison.ours(CASE).orElseThrow().name()).isEqualTo("into cpu");
    assertThat(comparison.openCl(CASE).orElseThrow().name()).isEqualTo("into opencl");
  }

  @Test
  void shareOfACopyThatWasNotMeasuredIsNone() {
    var ours = comparison.ours(CASE).orElseThrow();
    assertThat(comparison.share(ours, Copy.GIB_1)).isNaN();
    assertThat(MarkdownTable.summary(comparison)).contains("| 50 % | – | – |");
  }

  @Test
  void tableSetsOursBesideTheBestPeer() {
    assertThat(MarkdownTable.summary(comparison))
        .contains(
            "| forward into given memory | 8×1024×768 | uniform | 1 | 150 | 7.50 |",
            " | 24.0 | pytorch `intoFast` | 300 | 3.00× | 50.0 |");
    assertThat(MarkdownTable.all(comparison)).contains("| pytorch | intoSlow | 1 | 900 | 0.90 |");
  }

  @Test
  void tableSetsAllPeersSideBySide() {
    assertThat(MarkdownTable.summary(comparison))
        .contains(
            "| times as long as ours | ids | threads | pytorch | OpenCL |\n|---|---|---:|---:|---:|\n"
                + "| forward into given memory | uniform | 1 | 3.00× | 0.50× |");
  }

  @Test
  void variantsAreComparedWithTheFirstOfTheirRow() {
    Comparison comparison =
        new Comparison(
            List.of(
                stored("FLOAT32", "into cpu", 100),
                stored("FLOAT16", "into cpu", 60),
                stored("BFLOAT16", "into opencl", 70)));
    Way half =
        comparison.ours(new Case(Row.FORWARD_STORAGE, "FLOAT16", "uniform", 1)).orElseThrow();
    Way first = comparison.firstVariant(half).orElseThrow();
    assertThat(first.in().variant()).isEqualTo("FLOAT32");
    assertThat(comparison.firstVariant(first)).isEmpty();
    assertThat(MarkdownTable.summary(comparison))
        .contains(
            "| forward by storage: FLOAT16 | uniform | 1 | ours | into cpu | 60.0 | FLOAT32 |"
                + " 100 | 0.60× |")
        .doesNotContain("| into opencl | 70.0 | FLOAT32 |");
  }

  @Test
  void chartsAreDrawnOfWhatWasMeasuredOnly(@TempDir Path folder) throws IOException {
    Charts.write(comparison, folder);
    assertThat(folder).isDirectoryContaining("glob:**speed-uniform-1.png");
    Path none = Files.createDirectory(folder.resolve("none"));
    Charts.write(
        new Comparison(
            List.of(
                new Measurement(
                    Subject.OURS, Row.FORWARD_SMALL, 1, "into cpu", "", "zipf", 2, 2, 40, 8))),
        none);
    assertThat(none).isEmptyDirectory();
  }

  @Test
  void medianOfAnEvenNumberIsTheMeanOfTheMiddleTwo() {
    assertThat(Medians.of(List.of(4.0, 1.0, 3.0, 2.0))).isEqualTo(2.5);
    assertThat(Medians.of(List.of(3.0, 1.0, 2.0))).isEqualTo(2);
    assertThat(Medians.of(List.of())).isNaN();
  }

  private static Measurement stored(String storage, String way, double micros) {
    return new Measurement(
        Subject.OURS, Row.FORWARD_STORAGE, 1, way, storage, "uniform", 1, micros, 10, 0);
  }

  private static Measurement copy(int round, double gigabytesPerSecond) {
    return new Measurement(
        Subject.COPIES,
        Row.FORWARD_INTO,
        round,
        "oneThread25165824",
        "",
        "",
        1,
        1000,
        gigabytesPerSecond,
        Double.NaN);
  }

  private static Measurement measurement(
      Subject subject, int round, String way, double micros, double gigabytesPerSecond) {
    return new Measurement(
        subject, Row.FORWARD_INTO, round, way, "", "uniform", 1, micros, gigabytesPerSecond, 24);
  }
}
