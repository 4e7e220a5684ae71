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
  private final boolean quick;

  Rounds(JmhProcess jmh, Records records, boolean quick) {
    this.jmh = jmh;
    this.records = records;
    this.quick = quick;
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
    List<String> arguments = new ArrayList<>();
    if (subject == Subject.COPIES) {
      arguments.add("\\.MemcpyBenchmark\\.");
      parameter(arguments, "bytes", quick ? "25165824" : "25165824,1073741824");
    } else {
      arguments.add(row.include());
      parameter(arguments, "shape", row.shape);
      parameter(arguments, "numEmbeddings", Integer.toString(row.numEmbeddings));
      parameter(arguments, "ids", quick ? "uniform" : "uniform,zipf");
    }
    // A peer is compiled already, but for the few calls in Java that lead there; loops in Java are
    // slow until they are compiled, which takes a second or two.
    boolean compiles = subject == Subject.OURS || (row == Row.FORWARD_SMALL && subject.isPeer());
    String warmups = compiles ? (quick ? "2" : "4") : "1";
    Collections.addAll(arguments, "-wi", warmups, "-w", compiles ? "1s" : "300ms");
    return arguments;
  }

  private static void parameter(List<String> arguments, String name, String values) {
    Collections.addAll(arguments, "-p", name + "=" + values);
  }
}
