package dev.embedcl.cli;

import dev.embedcl.backend.Backends;
import java.io.InputStream;
import java.io.OutputStreamWriter;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.logging.Level;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;
import picocli.CommandLine.ScopeType;

/**
 * The command {@code embedcl}.
 *
 * <p>Exit status: 0 when the work is done, 1 when it could not be done, 2 when the command line is
 * wrong. Results go to standard output; errors are one line each on standard error.
 */
@Command(
    name = "embedcl",
    scope = ScopeType.INHERIT,
    mixinStandardHelpOptions = true,
    sortOptions = false,
    abbreviateSynopsis = true,
    description = "Input embeddings of language models, on OpenCL devices or in plain Java.",
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    footer = {
      "",
      "Exit status: 0 done, 1 could not be done, 2 wrong usage.",
      "'embedcl COMMAND --help' describes a command."
    },
    versionProvider = EmbedClCommand.Version.class)
public final class EmbedClCommand implements Runnable {

  @Option(
      names = "--verbose",
      scope = ScopeType.INHERIT,
      order = 101,
      description = "Say on standard error which device is taken and why others are not.")
  private boolean verbose = false;

  @Option(
      names = ErrorReport.STACKTRACE_OPTION,
      scope = ScopeType.INHERIT,
      order = 102,
      description = "Print the stack trace of a failure.")
  private boolean stackTrace = false;

  private final CommandLine commandLine;

  private EmbedClCommand(InputStream in, PrintWriter out, PrintWriter err) {
    ErrorReport errors = new ErrorReport(() -> stackTrace);
    commandLine =
        new CommandLine(this)
            .addSubcommand(new DevicesCommand(Backends::survey))
            .addSubcommand(new EmbedCommand(in))
            .addSubcommand(new BenchCommand())
            .addSubcommand(new TuneCommand())
            .setOut(out)
            .setErr(err)
            .setUsageHelpAutoWidth(true)
            .setParameterExceptionHandler(errors)
            .setExecutionExceptionHandler(errors)
            .setExecutionStrategy(this::execute);
  }

  /** Runs a command and ends the virtual machine with its exit status. */
  public static void main(String[] args) {
    System.exit(run(System.in, writer(System.out), writer(System.err), args));
  }

  /**
   * Runs a command.
   *
   * @param in what {@code -} stands for
   * @param out receives results; flushed at the end
   * @param err receives errors, progress and log lines
   * @param args the command line
   * @return the exit status: 0, 1 or 2
   */
  public static int run(InputStream in, PrintWriter out, PrintWriter err, String... args) {
    EmbedClCommand main = new EmbedClCommand(in, out, err);
    int status;
    try {
      status = main.commandLine.execute(args);
    } catch (Error e) {
      // Out of memory, a broken class path: still one line, like everything else that goes wrong.
      status = ErrorReport.report(e, main.commandLine, main.stackTrace);
    }
    if (out.checkError() && status == CommandLine.ExitCode.OK) {
      CommandFailure failure =
          new CommandFailure("standard output cannot be written: check where it goes");
      status = ErrorReport.report(failure, main.commandLine, main.stackTrace);
    }
    return status;
  }

  private int execute(ParseResult arguments) {
    boolean listsDevices =
        arguments.hasSubcommand()
            && arguments.subcommand().commandSpec().userObject() instanceof DevicesCommand;
    // The list of devices has the reasons in it that are warnings elsewhere.
    Level level = verbose ? Level.INFO : listsDevices ? Level.OFF : Level.WARNING;
    try (Logging _ = new Logging(level, commandLine.getErr())) {
      return new RunLast().execute(arguments);
    }
  }

  /** Reached without a subcommand only. */
  @Override
  public void run() {
    throw new ParameterException(commandLine, "no command given: use 'devices' or 'embed'");
  }

  private static PrintWriter writer(PrintStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, stream.charset()));
  }

  /** Says what {@code --version} prints. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String version =
          Objects.requireNonNullElse(
              EmbedClCommand.class.getPackage().getImplementationVersion(), "development");
      return new String[] {"embedcl " + version + " (Java " + Runtime.version() + ")"};
    }
  }
}
