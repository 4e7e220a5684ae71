package dev.embedcl.cli;

import dev.embedcl.backend.DeviceMemoryException;
import dev.embedcl.backend.DeviceUnavailableException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * Turns whatever goes wrong into one line on standard error, {@code embedcl: what: cure}, and an
 * exit status: 2 for a command line that cannot be right, 1 for what could not be done.
 */
final class ErrorReport implements IParameterExceptionHandler, IExecutionExceptionHandler {
  static final String STACKTRACE_OPTION = "--stacktrace";

  private final BooleanSupplier stackTrace;

  /** Prints stack traces, too, where {@code stackTrace} says so once the options are known. */
  ErrorReport(BooleanSupplier stackTrace) {
    this.stackTrace = stackTrace;
  }

  /** Prints a wrong command line. */
  @Override
  public int handleParseException(ParameterException failure, String[] args) {
    CommandLine command = failure.getCommandLine();
    String what =
        failure instanceof UnmatchedArgumentException unmatched
            ? describe(unmatched)
            : decapitalized(failure.getMessage());
    String line = what + " (see '" + command.getCommandSpec().qualifiedName() + " --help')";
    // The option may stand behind the mistake, where the parser did not get to.
    boolean trace = stackTrace.getAsBoolean() || Arrays.asList(args).contains(STACKTRACE_OPTION);
    print(command, line, failure, trace);
    return ExitCode.USAGE;
  }

  /** Prints why a command failed. */
  @Override
  public int handleExecutionException(
      Exception failure, CommandLine command, ParseResult arguments) {
    return report(failure, command, stackTrace.getAsBoolean());
  }

  /** Prints why a command failed, errors of the virtual machine included, and returns 1. */
  static int report(Throwable failure, CommandLine command, boolean stackTrace) {
    if (!AbandonOnExit.exiting()) {
      print(command, describe(failure), failure, stackTrace);
    }
    return ExitCode.SOFTWARE;
  }

  /** Says in one sentence what happened and what can be done. */
  static String describe(Throwable failure) {
    return switch (failure) {
      case CommandFailure known -> String.valueOf(known.getMessage());
      case DeviceUnavailableException known -> String.valueOf(known.getMessage());
      case DeviceMemoryException known -> String.valueOf(known.getMessage());
      case FileSystemException file -> describe(file);
      case IOException io ->
          Objects.requireNonNullElse(io.getMessage(), io.getClass().getSimpleName());
      case OutOfMemoryError memory ->
          "out of memory ("
              + memory.getMessage()
              + "): use a smaller --batch-size or --dim, or give Java more with -Xmx";
      default ->
          "unexpected "
              + failure.getClass().getName()
              + ": "
              + failure.getMessage()
              + ": run again with "
              + STACKTRACE_OPTION
              + " and report what it prints";
    };
  }

  private static String describe(UnmatchedArgumentException failure) {
    String first = failure.getUnmatched().getFirst();
    List<String> suggestions = failure.getSuggestions();
    return (failure.isUnknownOption() ? "unknown option " : "unexpected argument ")
        + "'"
        + first
        + "'"
        + (suggestions.isEmpty() ? "" : ", did you mean " + String.join(" or ", suggestions) + "?");
  }

  private static String describe(FileSystemException failure) {
    String file = failure.getFile();
    String reason = failure.getReason();
    return file
        + ": "
        + switch (failure) {
          case NoSuchFileException _ -> "no such file or directory; check the path";
          case AccessDeniedException _ -> "permission denied; check its access rights";
          case NotDirectoryException _ -> "not a directory; check the path";
          case FileAlreadyExistsException _ -> "exists already; remove it or choose another name";
          case DirectoryNotEmptyException _ -> "is a directory; choose another name";
          default ->
              Objects.requireNonNullElse(reason, failure.getClass().getSimpleName())
                  + "; check the path and the space left on its device";
        };
  }

  private static void print(
      CommandLine command, String message, Throwable failure, boolean stackTrace) {
    PrintWriter err = command.getErr();
    err.println("embedcl: " + oneLine(message));
    if (stackTrace) {
      failure.printStackTrace(err);
    }
    err.flush();
  }

  /** Returns the text with every run of line breaks and their indentation as one space. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*[\\r\\n]+\\s*", " ");
  }

  /** The parser's sentences start with a capital letter; ours follow a colon. */
  private static String decapitalized(@Nullable String sentence) {
    return sentence == null || sentence.isEmpty()
        ? "wrong command line"
        : Character.toLowerCase(sentence.charAt(0)) + sentence.substring(1);
  }
}
