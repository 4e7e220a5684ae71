package dev.embedcl.text;

import java.io.IOException;

/** Takes batches one by one, in order. */
@FunctionalInterface
public interface BatchSink {
  /**
   * Takes the next batch.
   *
   * @param batch valid during the call only: the next one overwrites it
   * @throws IOException if the batch cannot be stored or passed on
   */
  void accept(TokenBatch batch) throws IOException;
}
