package dev.embedcl.cli;

import java.io.PrintWriter;
import java.util.Objects;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.jspecify.annotations.Nullable;

/**
 * While open, shows the library's log on standard error, a line for each record. Whoever configures
 * java.util.logging by its system properties gets that configuration, untouched.
 */
final class Logging implements AutoCloseable {
  /** The library's root logger; held here because java.util.logging holds its loggers weakly. */
  private static final Logger LIBRARY = Logger.getLogger("dev.embedcl");

  private final @Nullable Level formerLevel = LIBRARY.getLevel();
  private final boolean formerUseParentHandlers = LIBRARY.getUseParentHandlers();
  private final LineHandler handler;
  private final boolean active =
      System.getProperty("java.util.logging.config.file") == null
          && System.getProperty("java.util.logging.config.class") == null;

  /** Starts to show records from {@code level} on. */
  Logging(Level level, PrintWriter err) {
    handler = new LineHandler(err);
    if (active) {
      LIBRARY.setUseParentHandlers(false);
      LIBRARY.setLevel(level);
      LIBRARY.addHandler(handler);
    }
  }

  /** Leaves the loggers as they were before. */
  @Override
  public void close() {
    if (active) {
      LIBRARY.removeHandler(handler);
      LIBRARY.setLevel(formerLevel);
      LIBRARY.setUseParentHandlers(formerUseParentHandlers);
    }
  }

  /** Prints the message of a record and nothing around it. */
  private static final class LineHandler extends Handler {
    private final PrintWriter err;
    private final Formatter formatter = new SimpleFormatter();

    LineHandler(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void publish(LogRecord logRecord) {
      if (isLoggable(logRecord)) {
        String prefix =
            logRecord.getLevel().intValue() >= Level.WARNING.intValue()
                ? "embedcl: warning: "
                : "embedcl: ";
        String message = Objects.requireNonNullElse(formatter.formatMessage(logRecord), "");
        err.println(prefix + ErrorReport.oneLine(message));
        err.flush();
      }
    }

    @Override
    public void flush() {
      err.flush();
    }

    @Override
    public void close() {
      err.flush();
    }
  }
}
