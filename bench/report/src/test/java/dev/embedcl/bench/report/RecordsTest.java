package dev.embedcl.bench.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecordsTest {
  private static final String JMH =
      """
      [{"jmhVersion": "1.37", "benchmark": "dev.embedcl.bench.ours.ForwardBenchmark.into",
        "threads": 1, "jvm": "/somewhere/bin/java", "jvmArgs": ["-Dcache=/somewhere"],
        "mode": "%s", "params": {"device": "cpu:2", "ids": "zipf", "numEmbeddings": "20000000"},
        "primaryMetric": {"rawData": [[1000.0, 500.0, 2000.0]]},
        "secondaryMetrics": {"gigabytesMoved": {"rawData": [[10.0, 5.0, 20.0]]},
          "heapBytes": {"rawData": [[24000.0, 16000.0, 8000.0]]}}}]
      """;

  @TempDir Path folder;

  @Test
  void recordsAreReadAgainAndKnowWhatTheyHave() throws IOException {
    add();
    Records records = Records.load(folder.resolve("report"));
    assertThat(records.has(Subject.OURS, Row.FORWARD_INTO, 2)).isTrue();
    assertThat(records.has(Subject.OURS, Row.FORWARD_INTO, 1)).isFalse();
    assertThat(records.has(Subject.PYTORCH, Row.FORWARD_INTO, 2)).isFalse();
    assertThat(records.measurements())
        .containsExactly(
            new Measurement(
                Subject.OURS, Row.FORWARD_INTO, 2, "into cpu", "", "zipf", 2, 1000.0, 10.0, 16.0));
  }

  @Test
  void variantsAreValuesOfTheParameterThatVariesOrMethods() throws IOException {
    assertThat(measured(Row.STEP_LARGE, "thrpt").variant()).isEqualTo("20000000");
    assertThat(measured(Row.STEP, "thrpt").variant()).isEmpty();
    assertThat(measured(Row.GROUPING, "thrpt").variant()).isEqualTo("into");
    assertThat(measured(Row.GROUPING, "thrpt").way()).isEqualTo("cpu");
  }

  @Test
  void firstCallsAreTimesAndNotRates() throws IOException {
    assertThat(measured(Row.INIT_FIRST, "ss").micros()).isEqualTo(1e9);
    assertThat(measured(Row.INIT, "thrpt").micros()).isEqualTo(1e3);
  }

  @Test
  void pathsOfTheMachineAreLeftOut() throws IOException {
    add();
    assertThat(folder.resolve("report/ours.json"))
        .content()
        .contains("rawData", "\"round\" : 2")
        .doesNotContain("/somewhere", "jvmArgs");
  }

  @Test
  void namesOfRowsAndSubjectsAreTakenFromTheCommandLine() {
    assertThat(BenchRun.chosen(Subject.class, Subject::id, "ours,pytorch-huge-pages"))
        .containsExactly(Subject.OURS, Subject.PYTORCH_HUGE_PAGES);
    assertThatThrownBy(() -> BenchRun.chosen(Row.class, Row::id, "forward"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'forward' is none of [forward-small, forward-into,");
  }

  @Test
  void processorsNameBecomesPartOfAFolder() {
    assertThat(BenchRun.fileName(" AMD EPYC")).isEqualTo("amd-epyc");
    assertThat(BenchRun.fileName(" Intel(R) Xeon(R) CPU E5-2673 v4 @ 2.30GHz"))
        .isEqualTo("intel-xeon-e5-2673-v4");
    assertThat(BenchRun.fileName(" AMD Ryzen 7 7840U w/ Radeon 780M Graphics"))
        .isEqualTo("amd-ryzen-7-7840u-w-radeon-780m-graphics");
  }

  private Measurement measured(Row row, String mode) throws IOException {
    Path json = Files.writeString(folder.resolve("one.json"), JMH.formatted(mode));
    Path report = folder.resolve(row.id());
    Records.load(report).add(Subject.OURS, row, 1, json);
    return Records.load(report).measurements().getFirst();
  }

  private void add() throws IOException {
    Path json = Files.writeString(folder.resolve("jmh.json"), JMH.formatted("thrpt"));
    Records.load(folder.resolve("report")).add(Subject.OURS, Row.FORWARD_INTO, 2, json);
  }
}
