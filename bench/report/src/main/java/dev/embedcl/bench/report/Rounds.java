package dev.embedcl.bench.report;

import java.io.IOException;
import java.time.LocalTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * The order of a run. The memory of most machines is shared and its speed drifts, so a row is
 * measured for all subjects one after the other, copies first, and the whole again in the next
 * round: what is compared was measured within minutes.
 */
final class Rounds {
  private final JmhProcess jmh;
  private final Records records;
  private final Pace pace;

  Rounds(JmhProcess jmh, Records records, Pace pace) {
    this.jmh = jmh;
    this.records = records;
    this.pace = pace;
  }

  /** Measures what has no result yet. */
  void run(int rounds, Set<Row> rows, Set<Subject> subjects)
      throws IOException, InterruptedException {
    for (int round = 1; round <= rounds; round++) {
      for (Row row : rows) {
        for (Subject subject : subjects) {
          if (subject.rows.contains(row)
              && jmh.canRun(subject)
              && !records.has(subject, row, round)) {
            System.out.printf(
                "%s round %d, %s: %s%n",
                LocalTime.now().truncatedTo(ChronoUnit.SECONDS), round, row.id(), subject.id());
            records.add(
                subject, row, round, jmh.measure(subject, row, round, arguments(subject, row)));
          }
        }
      }
    }
  }

  private List<String> arguments(Subject subject, Row row) {
    List<String> arguments = new ArrayList<>(List.of("-foe", "false"));
    if (subject == Subject.COPIES) {
      arguments.add("\\.MemcpyBenchmark\\.");
      Collections.addAll(arguments, "-p", "bytes=" + pace.copies());
    } else {
      arguments.add(row.include());
      row.parameters()
          .forEach((name, values) ->
              Collections.addAll(arguments, "-p", name + "=" + pace.values(name, values)));
    }
    // A peer is compiled already, but for the few calls in Java that lead there.
    boolean compiles = subject == Subject.OURS || (row == Row.FORWARD_SMALL && subject.isPeer());
    arguments.addAll(
        row.firstCalls() && subject != Subject.COPIES
            ? pace.settingsOfFirstCalls()
            : pace.settings(compiles));
    return arguments;
  }
}
