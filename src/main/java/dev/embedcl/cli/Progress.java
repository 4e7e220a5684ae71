package dev.embedcl.cli;

import java.io.PrintWriter;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/** A bar on one line of the terminal, wiped when closed; or, where nobody watches, nothing. */
final class Progress implements AutoCloseable {
  private static final int WIDTH = 79;
  private static final int UPDATE_MILLIS = 200;

  private final PrintWriter err;
  private final @Nullable ProgressBar bar;

  private Progress(PrintWriter err, @Nullable ProgressBar bar) {
    this.err = err;
    this.bar = bar;
  }

  /**
   * Where bars are shown.
   *
   * @param err receives them
   * @param isTerminal whether somebody watches; if not, nothing is written
   */
  record Display(PrintWriter err, boolean isTerminal) {

    /**
     * Starts a bar.
     *
     * @param task what is going on, in a word
     * @param unit what is counted
     * @param unitSize how many of what {@link #stepTo} is told make one unit
     * @param total where the count ends, negative if that is unknown
     */
    Progress start(String task, String unit, long unitSize, long total) {
      return new Progress(err, isTerminal ? bar(task, unit, unitSize, total) : null);
    }

    private ProgressBar bar(String task, String unit, long unitSize, long total) {
      return new ProgressBarBuilder()
          .setTaskName(task)
          .setUnit(" " + unit, unitSize)
          .setInitialMax(total)
          .setStyle(ProgressBarStyle.ASCII)
          .setUpdateIntervalMillis(UPDATE_MILLIS)
          .setConsumer(
              new DelegatingProgressBarConsumer(
                  line -> {
                    err.print("\r" + line);
                    err.flush();
                  },
                  WIDTH))
          .build();
    }
  }

  void stepTo(long count) {
    if (bar != null) {
      bar.stepTo(count);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      err.print("\r" + " ".repeat(WIDTH) + "\r");
      err.flush();
    }
  }
}
