package dev.embedcl.text;

import java.util.Iterator;
import java.util.NoSuchElementException;

/**
 * One pass over all windows, as batches that can be read in any order.
 *
 * <p>Without a shuffle seed batch {@code b} has the windows from {@code b * batchSize} on. With one
 * they come in a random order that depends on seed, epoch and the number of windows alone, the same
 * on every machine and release: Fisher and Yates' shuffle, for {@code i} from {@code count − 1}
 * down to 1 swapping element {@code i} of the identity with element {@code j = ⌊next · (i + 1) /
 * 2^64⌋}, where {@code next} is the next value, unsigned, of SplitMix64 (Steele, Lea and Flood,
 * "Fast splittable pseudorandom number generators", 2014), started at {@code mix(mix(seed) +
 * epoch)} with its own mixing function. This is not the order of PyTorch's {@code randperm}.
 *
 * <p>Shuffling takes 4 bytes per window. Immutable; any thread may use it.
 */
public final class Epoch implements Iterable<TokenBatch> {
  private static final int MAX_SHUFFLED = Integer.MAX_VALUE - 8;
  private static final int[] IN_ORDER = {};

  private final SlidingWindows windows;
  private final int[] order;

  Epoch(SlidingWindows windows, long epoch) {
    this.windows = windows;
    this.order =
        windows.options().shuffleSeed().isPresent()
            ? shuffled(windows.count(), mix(windows.options().shuffleSeed().getAsLong()) + epoch)
            : IN_ORDER;
  }

  /** Returns the number of batches. */
  public long batches() {
    return windows.batches();
  }

  /**
   * Returns one batch in fresh arrays.
   *
   * @throws IndexOutOfBoundsException if {@code batch} is not in [0, {@link #batches()})
   */
  public TokenBatch batch(long batch) {
    TokenBatch target = TokenBatch.allocate(size(batch), windows.options().maxLength());
    read(batch, target);
    return target;
  }

  /**
   * Reads one batch into {@code target}, without allocating.
   *
   * @param target made by {@link SlidingWindows#newBatch()}; its {@code batchSize()} becomes that
   *     of this batch
   * @throws IndexOutOfBoundsException if {@code batch} is not in [0, {@link #batches()})
   * @throws IllegalArgumentException if {@code target} has another {@code seqLen}, or too little
   *     room
   */
  public void read(long batch, TokenBatch target) {
    int size = size(batch);
    WindowOptions options = windows.options();
    if (target.seqLen() != options.maxLength() || target.capacity() < size) {
      throw new IllegalArgumentException(
          "target holds "
              + target.capacity()
              + " windows of "
              + target.seqLen()
              + " ids; this batch has "
              + size
              + " of "
              + options.maxLength()
              + "; make it with newBatch()");
    }
    long first = batch * options.batchSize();
    for (int row = 0; row < size; row++) {
      long window = order.length == 0 ? first + row : order[(int) first + row];
      windows.read(window, target.inputIds(), target.targetIds(), row);
    }
    target.resize(size);
  }

  /** Iterates over all batches in turn, each in fresh arrays. */
  @Override
  public Iterator<TokenBatch> iterator() {
    return new Iterator<>() {
      private long next;

      @Override
      public boolean hasNext() {
        return next < batches();
      }

      @Override
      public TokenBatch next() {
        if (!hasNext()) {
          throw new NoSuchElementException("all " + batches() + " batches were read");
        }
        return batch(next++);
      }
    };
  }

  private int size(long batch) {
    if (batch < 0 || batch >= batches()) {
      throw new IndexOutOfBoundsException(
          "batch = " + batch + " is out of range [0, " + batches() + ")");
    }
    int batchSize = windows.options().batchSize();
    return (int) Math.min(batchSize, windows.count() - batch * batchSize);
  }

  private static int[] shuffled(long count, long key) {
    if (count > MAX_SHUFFLED) {
      throw new IllegalArgumentException(
          count
              + " windows are more than the "
              + MAX_SHUFFLED
              + " that can be shuffled; use a larger stride, or leave out the shuffle seed");
    }
    int[] order = new int[(int) count];
    for (int i = 0; i < order.length; i++) {
      order[i] = i;
    }
    long state = mix(key);
    for (int i = order.length - 1; i > 0; i--) {
      state += 0x9E3779B97F4A7C15L;
      int j = (int) Math.unsignedMultiplyHigh(mix(state), i + 1L);
      int swapped = order[i];
      order[i] = order[j];
      order[j] = swapped;
    }
    return order;
  }

  /** SplitMix64's output function. */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
