package dev.embedcl.text;

import java.io.IOException;

/**
 * Cuts ids into windows and batches as they come, for a text that is read once and held nowhere:
 *
 * <pre>{@code
 * WindowStream windows = new WindowStream(WindowOptions.of(256), batch -> use(batch));
 * tokenizer.encode(reader, windows);
 * windows.finish();
 * }</pre>
 *
 * <p>The windows are those of {@link SlidingWindows}, in the order of the text. Holds one batch and
 * at most {@code 2 * (maxLength + 1)} ids. For one thread.
 */
public final class WindowStream implements TokenSink {
  private final WindowOptions options;
  private final BatchSink sink;
  private final TokenBatch batch;
  private int rows;

  /** Ids of the text from {@code firstId} on, as many as {@code held} says. */
  private final int[] ids;

  private int head;
  private int held;

  /** Ids between two windows that are still to be passed over. */
  private int skip;

  private long tokens;
  private long windows;
  private boolean finished;

  /**
   * Makes windows for {@code sink}.
   *
   * @throws IllegalArgumentException if the options ask for shuffling, or {@code maxLength} is
   *     greater than 2^30-8
   */
  public WindowStream(WindowOptions options, BatchSink sink) {
    if (options.shuffleSeed().isPresent()) {
      throw new IllegalArgumentException(
          "shuffleSeed = "
              + options.shuffleSeed().getAsLong()
              + ": windows of a stream come in the order of the text; put the ids into a"
              + " TokenSpool and shuffle SlidingWindows over it");
    }
    if (options.maxLength() > (1 << 30) - 8) {
      throw new IllegalArgumentException(
          "maxLength = " + options.maxLength() + " is more than 2^30-8; use a smaller one");
    }
    this.options = options;
    this.sink = sink;
    this.batch = TokenBatch.allocate(options.batchSize(), options.maxLength());
    this.ids = new int[2 * (options.maxLength() + 1)];
  }

  /**
   * Takes the next id; hands on a batch when one is full.
   *
   * @throws IllegalStateException if {@link #finish} was called
   * @throws IOException if the sink throws it
   */
  @Override
  public void accept(int tokenId) throws IOException {
    if (finished) {
      throw new IllegalStateException("this WindowStream is finished; make another one");
    }
    tokens++;
    if (skip > 0) {
      skip--;
      return;
    }
    if (head + held == ids.length) {
      System.arraycopy(ids, head, ids, 0, held);
      head = 0;
    }
    ids[head + held++] = tokenId;
    if (held > options.maxLength()) {
      takeWindow();
    }
  }

  /**
   * Ends the text: hands on the last short batch, if it is not to be dropped.
   *
   * @throws IllegalArgumentException if there were not more than {@code maxLength} ids
   * @throws IOException if the sink throws it
   */
  public void finish() throws IOException {
    if (finished) {
      return;
    }
    finished = true;
    if (windows == 0) {
      throw options.tooShort(tokens);
    }
    if (rows > 0 && !options.dropLast()) {
      batch.resize(rows);
      sink.accept(batch);
    }
  }

  /** Returns the number of ids taken. */
  public long tokens() {
    return tokens;
  }

  /** Returns the number of windows made, those in a batch not yet full among them. */
  public long windows() {
    return windows;
  }

  private void takeWindow() throws IOException {
    int maxLength = options.maxLength();
    System.arraycopy(ids, head, batch.inputIds(), rows * maxLength, maxLength);
    System.arraycopy(ids, head + 1, batch.targetIds(), rows * maxLength, maxLength);
    windows++;
    rows++;
    int passed = Math.min(options.stride(), held);
    head += passed;
    held -= passed;
    skip = options.stride() - passed;
    if (rows == options.batchSize()) {
      rows = 0;
      sink.accept(batch);
    }
  }
}
