package dev.embedcl.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * The command in a virtual machine of its own, started as its users start it.
 *
 * @param process the process
 * @param out the file that has its standard output
 * @param err the file that has its standard error
 */
record ChildProcess(Process process, Path out, Path err) {
  private static final long TIMEOUT_SECONDS = 300;

  /**
   * Starts the command.
   *
   * @param directory receives what it prints
   * @param input its standard input
   * @param options options of the virtual machine
   */
  static ChildProcess start(
      Path directory,
      ProcessBuilder.Redirect input,
      Map<String, String> environment,
      List<String> options,
      Object... args)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(EmbedClCommand.class.getName());
    for (Object arg : args) {
      command.add(arg.toString());
    }
    Path out = Files.createTempFile(directory, "out", ".log");
    Path err = Files.createTempFile(directory, "err", ".log");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectInput(input)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().remove("EMBEDCL_DEVICE");
    builder.environment().putAll(environment);
    return new ChildProcess(builder.start(), out, err);
  }

  /** Waits for the end and returns what the process printed. */
  CommandRun await() throws IOException, InterruptedException {
    if (!process.waitFor(TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly().waitFor();
      throw new AssertionError("the command hangs; it said: " + Files.readString(err));
    }
    return new CommandRun(process.exitValue(), Files.readString(out), Files.readString(err));
  }
}
