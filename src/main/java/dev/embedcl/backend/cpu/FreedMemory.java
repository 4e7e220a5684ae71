package dev.embedcl.backend.cpu;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Stretches of memory that are no longer used, the latest first. Safe for concurrent use.
 *
 * @param <S> what there is to know of one
 */
final class FreedMemory<S extends FreedMemory.Stretch> {
  private final long limitBytes;
  private final int limit;
  private final Deque<S> kept = new ArrayDeque<>();
  private long keptBytes;

  /**
   * Creates an empty store.
   *
   * @param limitBytes of all that is kept together
   * @param limit how many are kept; all are looked through for one that fits
   */
  FreedMemory(long limitBytes, int limit) {
    this.limitBytes = limitBytes;
    this.limit = limit;
  }

  /** Memory of one size. */
  interface Stretch {
    long bytes();
  }

  /** Takes out a stretch of the size or at most a quarter more, of any content. */
  synchronized @Nullable S take(long bytes) {
    for (S stretch : kept) {
      if (stretch.bytes() >= bytes && stretch.bytes() - bytes <= bytes / 4) {
        kept.remove(stretch);
        keptBytes -= stretch.bytes();
        return stretch;
      }
    }
    return null;
  }

  /** Puts a stretch in. Returns those that have to go for it, the oldest, or this one itself. */
  synchronized List<S> keep(S stretch) {
    kept.addFirst(stretch);
    keptBytes += stretch.bytes();
    List<S> gone = new ArrayList<>();
    while (keptBytes > limitBytes || kept.size() > limit) {
      gone.add(removeOldest());
    }
    return gone;
  }

  /** Takes out everything. */
  synchronized List<S> drain() {
    List<S> gone = new ArrayList<>();
    while (!kept.isEmpty()) {
      gone.add(removeOldest());
    }
    return gone;
  }

  private S removeOldest() {
    S oldest = kept.removeLast();
    keptBytes -= oldest.bytes();
    return oldest;
  }
}
