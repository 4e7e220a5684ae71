package dev.embedcl.backend.cpu;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Pages that are mapped and no longer used, the latest first. Safe for concurrent use. */
final class FreedPages {
  private final long limitBytes;
  private final Deque<Pages> kept = new ArrayDeque<>();
  private long keptBytes;

  /** Creates an empty store of so many bytes at most. */
  FreedPages(long limitBytes) {
    this.limitBytes = limitBytes;
  }

  /**
   * What one call mapped, and the whole pages in it.
   *
   * @param mapped the address of the mapping
   * @param mappedBytes its size
   * @param start the address of the first whole page
   * @param bytes the size of the whole pages
   */
  record Pages(long mapped, long mappedBytes, long start, long bytes) {}

  /** Takes out pages of the size or at most a quarter more, of any content. */
  synchronized @Nullable Pages take(long bytes) {
    for (Pages pages : kept) {
      if (pages.bytes() >= bytes && pages.bytes() - bytes <= bytes / 4) {
        kept.remove(pages);
        keptBytes -= pages.bytes();
        return pages;
      }
    }
    return null;
  }

  /** Puts pages in. Returns those that have to go for them, the oldest, or these themselves. */
  synchronized List<Pages> keep(Pages pages) {
    kept.addFirst(pages);
    keptBytes += pages.bytes();
    List<Pages> gone = new ArrayList<>();
    while (keptBytes > limitBytes) {
      Pages oldest = kept.removeLast();
      keptBytes -= oldest.bytes();
      gone.add(oldest);
    }
    return gone;
  }
}
