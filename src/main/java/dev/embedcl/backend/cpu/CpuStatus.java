package dev.embedcl.backend.cpu;

import dev.embedcl.op.Checks;
import org.jspecify.annotations.Nullable;

/**
 * The first bad id that operations met in ids known only to the device: of the first operation that
 * met any, the one at the smallest position, whichever thread saw it first.
 */
final class CpuStatus {
  private long position;
  private @Nullable IndexOutOfBoundsException error;
  private boolean fromEarlierOperation;

  /** Says that what is recorded from now on belongs to another operation. */
  synchronized void beginOperation() {
    fromEarlierOperation = error != null;
  }

  /** Records that the id at {@code position} is not in [0, {@code numEmbeddings}). */
  synchronized void record(long position, int index, long numEmbeddings) {
    if (error == null || (!fromEarlierOperation && position < this.position)) {
      this.position = position;
      error = Checks.indexOutOfRange(position, index, numEmbeddings);
    }
  }

  /**
   * Forgets what was recorded.
   *
   * @throws IndexOutOfBoundsException if a bad id was recorded
   */
  synchronized void throwRecorded() {
    IndexOutOfBoundsException recorded = error;
    error = null;
    if (recorded != null) {
      throw recorded;
    }
  }
}
