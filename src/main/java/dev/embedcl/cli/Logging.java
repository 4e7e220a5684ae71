package dev.embedcl.cli;

import java.io.PrintWriter;
import java.util.Objects;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/**
 * Shows the library's log on standard error, a line each: warnings always, the choice of device and
 * other INFO lines when asked for. Whoever configures java.util.logging by its system properties
 * gets that configuration, untouched.
 */
final class Logging {
  /** The library's root logger; held here because java.util.logging holds its loggers weakly. */
  private static final Logger LIBRARY = Logger.getLogger("dev.embedcl");

  private Logging() {}

  static synchronized void configure(PrintWriter err, boolean verbose) {
    if (System.getProperty("java.util.logging.config.file") != null
        || System.getProperty("java.util.logging.config.class") != null) {
      return;
    }
    for (Handler handler : LIBRARY.getHandlers()) {
      if (handler instanceof LineHandler) {
        LIBRARY.removeHandler(handler);
      }
    }
    LIBRARY.setUseParentHandlers(false);
    LIBRARY.setLevel(verbose ? Level.INFO : Level.WARNING);
    LIBRARY.addHandler(new LineHandler(err));
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
