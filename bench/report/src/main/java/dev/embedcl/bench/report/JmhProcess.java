package dev.embedcl.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Starts JMH with the class path of one module, as {@code mvn package} left it. */
final class JmhProcess {
  /** What JMH prints in place of a result. */
  private static final Pattern FAILURE =
      Pattern.compile("<failure>|<forked VM failed|<JMH had finished|RunnerException");

  private final Path bench;
  private final Path logs;

  /**
   * Makes ready; nothing is started.
   *
   * @param bench the folder that holds the modules
   */
  JmhProcess(Path bench) throws IOException {
    this.bench = bench;
    this.logs = Files.createDirectories(bench.resolve("target/logs"));
  }

  /** Returns whether the module was built. */
  boolean canRun(Subject subject) {
    return Files.exists(classPathFile(subject));
  }

  /**
   * Measures one row.
   *
   * @return JMH's JSON; without results where no benchmark came through
   */
  Path measure(Subject subject, Row row, int round, List<String> arguments)
      throws IOException, InterruptedException {
    String name = subject.id() + "-" + row.id() + "-" + round;
    Path json = logs.resolve(name + ".json");
    for (int attempt = 1; attempt <= 2; attempt++) {
      Path log = logs.resolve(name + "-" + attempt + ".log");
      Files.writeString(json, "[]");
      run(subject, command(subject, arguments, json), log);
      if (!FAILURE.matcher(Files.readString(log)).find()) {
        return json;
      }
      System.out.printf("  %s failed in part, see %s%n", name, bench.relativize(log));
    }
    return json;
  }

  private void run(Subject subject, List<String> command, Path log)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.directory(logs.toFile());
    builder.redirectErrorStream(true).redirectOutput(log.toFile());
    if (subject.hugePages) {
      builder.environment().put("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
    } else {
      builder.environment().remove("GLIBC_TUNABLES");
    }
    Process process = builder.start();
    try {
      process.waitFor();
    } finally {
      process.destroy();
    }
  }

  private List<String> command(Subject subject, List<String> arguments, Path json)
      throws IOException {
    List<String> command = new ArrayList<>();
    Path target = bench.resolve(subject.module).resolve("target");
    Collections.addAll(
        command,
        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow");
    if (subject.isPeer()) {
      // Unpacked once for all the JVMs that follow, and gone with `mvn clean`.
      command.add("-Dorg.bytedeco.javacpp.cachedir=" + target.resolve("natives"));
      command.add("-DDJL_CACHE_DIR=" + target.resolve("natives"));
      command.add("-Dai.djl.offline=true");
    } else {
      command.add("--add-modules=jdk.incubator.vector");
    }
    command.add("-cp");
    try (Stream<Path> files = Files.list(target)) {
      Path jar = files.filter(file -> file.toString().endsWith(".jar")).findFirst().orElseThrow();
      command.add(jar + ":" + Files.readString(classPathFile(subject)).strip());
    }
    command.add("org.openjdk.jmh.Main");
    command.addAll(arguments);
    Collections.addAll(command, "-rf", "json", "-rff", json.toString());
    return command;
  }

  private Path classPathFile(Subject subject) {
    return bench.resolve(subject.module).resolve("target/classpath");
  }
}
