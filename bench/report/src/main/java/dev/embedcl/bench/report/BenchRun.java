package dev.embedcl.bench.report;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Function;

/** Measures and reports; what {@code bench/run} starts when everything is built. */
public final class BenchRun {
  private final Path bench;
  private final Pace pace;
  private int rounds;
  private Set<Row> rows = EnumSet.allOf(Row.class);
  private Set<Subject> subjects = EnumSet.allOf(Subject.class);
  private Path folder;

  private BenchRun(Path bench, List<String> arguments) throws IOException {
    this.bench = bench;
    this.pace =
        arguments.contains("--quick")
            ? Pace.QUICK
            : arguments.contains("--brief") ? Pace.BRIEF : Pace.FULL;
    this.rounds = pace.rounds;
    this.folder = bench.resolve("reports/" + LocalDate.now() + "-" + processor());
    if (pace == Pace.QUICK) {
      folder = bench.resolve("target/quick");
      rows = EnumSet.range(Row.FORWARD_SMALL, Row.STEP);
      rows.remove(Row.FORWARD_LARGE);
      subjects = EnumSet.of(Subject.COPIES, Subject.OURS);
    }
    for (int i = 0; i < arguments.size(); i++) {
      switch (arguments.get(i)) {
        case "--quick", "--brief" -> {}
        case "--rounds" -> rounds = Integer.parseInt(value(arguments, ++i));
        case "--rows" -> rows = chosen(Row.class, Row::id, value(arguments, ++i));
        case "--subjects" -> subjects = chosen(Subject.class, Subject::id, value(arguments, ++i));
        case "--into" -> folder = bench.resolve("reports").resolve(value(arguments, ++i));
        default ->
            throw new IllegalArgumentException(
                "argument '%s' is none of --quick, --brief, --rounds, --rows, --subjects, --into"
                    .formatted(arguments.get(i)));
      }
    }
  }

  /**
   * Runs.
   *
   * @param args the folder that holds the modules, then what {@code bench/run} was given
   * @throws IOException if a record cannot be read or written
   * @throws InterruptedException if interrupted while a benchmark runs
   */
  public static void main(String[] args) throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(args));
    new BenchRun(Path.of(arguments.removeFirst()).toAbsolutePath().normalize(), arguments).run();
  }

  private void run() throws IOException, InterruptedException {
    if (pace == Pace.QUICK) {
      deleteRecords();
    }
    Records records = Records.load(folder);
    new Rounds(new JmhProcess(bench), records, pace).run(rounds, rows, subjects);
    Comparison comparison = new Comparison(records.measurements());
    String summary = MarkdownTable.summary(comparison);
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("table.md"), summary + "\n" + MarkdownTable.all(comparison));
    Charts.write(comparison, folder);
    System.out.println(summary);
    System.out.println(bench.getParent().relativize(folder));
  }

  /** A quick run is a new one each time. */
  private void deleteRecords() throws IOException {
    for (Subject subject : Subject.values()) {
      Files.deleteIfExists(folder.resolve(subject.id() + ".json"));
    }
  }

  private static String value(List<String> arguments, int at) {
    if (at >= arguments.size()) {
      throw new IllegalArgumentException(arguments.getLast() + " needs a value");
    }
    return arguments.get(at);
  }

  static <E extends Enum<E>> Set<E> chosen(Class<E> type, Function<E, String> id, String list) {
    Set<E> chosen = EnumSet.noneOf(type);
    for (String name : list.split(",")) {
      chosen.add(
          EnumSet.allOf(type).stream()
              .filter(value -> id.apply(value).equals(name))
              .findFirst()
              .orElseThrow(() ->
                  new IllegalArgumentException(
                      "'%s' is none of %s"
                          .formatted(name, EnumSet.allOf(type).stream().map(id).toList()))));
    }
    return chosen;
  }

  /** Returns the processor's name as part of a file's name. */
  private static String processor() throws IOException {
    Path cpuInfo = Path.of("/proc/cpuinfo");
    String name = System.getProperty("os.arch");
    if (Files.exists(cpuInfo)) {
      name =
          Files.readAllLines(cpuInfo, StandardCharsets.UTF_8).stream()
              .filter(line -> line.startsWith("model name"))
              .map(line -> line.substring(line.indexOf(':') + 1))
              .findFirst()
              .orElse(name);
    }
    return fileName(name);
  }

  static String fileName(String processor) {
    return processor
        .toLowerCase(Locale.ROOT)
        .replaceAll("\\((r|tm)\\)|\\bcpu\\b|\\bprocessor\\b|@.*", "")
        .replaceAll("[^a-z0-9]+", "-")
        .replaceAll("^-|-$", "");
  }
}
