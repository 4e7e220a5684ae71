package dev.embedcl.cli;

import java.io.Closeable;
import java.io.IOException;

/**
 * While open, makes the end of the process (Ctrl-C, a polite kill) close a file that is being
 * written, which deletes what there is of it.
 */
final class AbandonOnExit implements AutoCloseable {
  private static volatile boolean exiting = false;

  private final Thread hook;

  /** Registers a file whose {@code close} may be called by any thread. */
  AbandonOnExit(Closeable file) {
    hook = new Thread(() -> abandon(file), "embedcl-abandon");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /** Returns whether the process ends, so that what fails now fails because of that. */
  static boolean exiting() {
    return exiting;
  }

  @Override
  public void close() {
    if (!exiting) {
      Runtime.getRuntime().removeShutdownHook(hook);
    }
  }

  private static void abandon(Closeable file) {
    exiting = true;
    try {
      file.close();
    } catch (IOException e) {
      System.getLogger(AbandonOnExit.class.getName())
          .log(System.Logger.Level.WARNING, String.valueOf(e.getMessage()));
    }
  }
}
