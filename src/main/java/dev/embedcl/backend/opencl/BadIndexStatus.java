package dev.embedcl.backend.opencl;

import dev.embedcl.op.Checks;
import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Queue;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Words on the device in which kernels report ids out of range; see {@code kernels/bad_index.clh}.
 */
final class BadIndexStatus {
  private static final int REPORTS = 64;
  private static final int NONE = -1;

  private final Queue queue;
  private final Buffer buffer;
  private final int[] words = new int[2 + 3 * REPORTS];
  private boolean used;

  BadIndexStatus(Queue queue) {
    this.queue = queue;
    this.buffer = queue.context().allocate((long) words.length * Integer.BYTES);
    reset();
  }

  /** Returns the words for a kernel that is about to be enqueued. */
  Buffer use() {
    used = true;
    return buffer;
  }

  /** Waits for what is enqueued and returns the error of the first bad id since the last call. */
  Optional<IndexOutOfBoundsException> await() {
    if (!used) {
      queue.finish();
      return Optional.empty();
    }
    used = false;
    queue.read(buffer, 0, MemorySegment.ofArray(words));
    if (words[0] == NONE) {
      return Optional.empty();
    }
    IndexOutOfBoundsException error = error();
    reset();
    return Optional.of(error);
  }

  private IndexOutOfBoundsException error() {
    long position = Integer.toUnsignedLong(words[0]);
    for (int report = 0; report < Math.min(words[1], REPORTS); report++) {
      if (words[2 + 3 * report] == words[0]) {
        return Checks.indexOutOfRange(
            position, words[3 + 3 * report], Integer.toUnsignedLong(words[4 + 3 * report]));
      }
    }
    return new IndexOutOfBoundsException(
        "indices[" + position + "] and more than " + REPORTS + " others are out of range");
  }

  private void reset() {
    words[0] = NONE;
    words[1] = 0;
    queue.write(buffer, 0, MemorySegment.ofArray(words));
  }
}
