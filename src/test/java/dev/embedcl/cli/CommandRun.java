package dev.embedcl.cli;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * One run of the command in this virtual machine.
 *
 * @param status the exit status
 * @param out what it printed, lines ended by a line feed
 * @param err what it reported, likewise
 */
record CommandRun(int status, String out, String err) {

  /** Runs a command whose standard input is empty. */
  static CommandRun of(Object... args) {
    return withInput(new ByteArrayInputStream(new byte[0]), args);
  }

  /** Runs {@code embed FILE} on the pure-Java device, with small tables. */
  static CommandRun embed(Path text, Object... options) {
    Object[] args = {"embed", text, "--device", "cpu", "--dim", 8, "--max-length", 4};
    Object[] all = Arrays.copyOf(args, args.length + options.length);
    System.arraycopy(options, 0, all, args.length, options.length);
    return of(all);
  }

  static CommandRun withInput(InputStream in, Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    int status =
        EmbedClCommand.run(
            in,
            new PrintWriter(out),
            new PrintWriter(err),
            Arrays.stream(args).map(Object::toString).toArray(String[]::new));
    return new CommandRun(status, lines(out), lines(err));
  }

  private static String lines(StringWriter text) {
    return text.toString().replace(System.lineSeparator(), "\n");
  }
}
