package dev.embedcl.cli;

import java.io.Closeable;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * While open, makes the end of the process (Ctrl-C, a polite kill) close a file that is being
 * written, which deletes what there is of it.
 *
 * <p>It is opened before the file and creates it, so that no moment is left in which a file lies
 * there that nobody would delete.
 */
final class AbandonOnExit implements AutoCloseable {
  private static volatile boolean exiting = false;

  private final Thread hook = new Thread(this::abandon, "embedcl-abandon");
  private @Nullable Closeable file;

  /** Registers for the end of the process. */
  AbandonOnExit() {
    try {
      Runtime.getRuntime().addShutdownHook(hook);
    } catch (IllegalStateException e) {
      exits(); // too late to register: create refuses
    }
  }

  /** Returns whether the process ends, so that what fails now fails because of that. */
  static boolean exiting() {
    return exiting;
  }

  /**
   * Creates the file.
   *
   * @param creation its {@code close} may be called by any thread
   * @throws IOException if the creation does, or if the process is ending
   */
  synchronized <F extends Closeable> F create(Creation<F> creation) throws IOException {
    if (exiting) {
      throw new IOException("the process is ending: nothing is written any more");
    }
    F created = creation.create();
    file = created;
    return created;
  }

  @Override
  public void close() {
    if (!exiting) {
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        exits(); // began between the two lines; the hook finds the file closed
      }
    }
  }

  private static void exits() {
    exiting = true;
  }

  private synchronized void abandon() {
    exits();
    if (file == null) {
      return;
    }
    try {
      file.close();
    } catch (IOException e) {
      System.getLogger(AbandonOnExit.class.getName())
          .log(System.Logger.Level.WARNING, String.valueOf(e.getMessage()));
    }
  }

  /** Makes the file. */
  interface Creation<F extends Closeable> {
    F create() throws IOException;
  }
}
