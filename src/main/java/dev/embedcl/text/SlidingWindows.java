package dev.embedcl.text;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Iterator;
import java.util.Objects;

/**
 * The windows of a run of token ids, batched: training pairs of a language model.
 *
 * <p>Window {@code w} starts at {@code i = w * stride}, for {@code i} in Python's {@code range(0,
 * len − maxLength, stride)}; its input is {@code ids[i : i+maxLength]} and its target {@code
 * ids[i+1 : i+maxLength+1]}, as in the data loader of "Build a Large Language Model (From
 * Scratch)", chapter 2.
 *
 * <p>The ids stay where they are, in an array or in memory of any size, such as a {@link
 * TokenSpool} maps; they must not change meanwhile. For ids that are held nowhere there is {@link
 * WindowStream}.
 *
 * <p>Immutable. Iterating goes through epoch 0 and gives the same batches each time; {@link #epoch}
 * gives the others. Any thread may use it.
 */
public final class SlidingWindows implements Iterable<TokenBatch> {
  private static final ValueLayout.OfInt LITTLE_ENDIAN =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final MemorySegment ids;
  private final ValueLayout.OfInt layout;
  private final WindowOptions options;
  private final long tokens;
  private final long count;

  private SlidingWindows(MemorySegment ids, ValueLayout.OfInt layout, WindowOptions options) {
    this.ids = ids;
    this.layout = layout;
    this.options = options;
    this.tokens = ids.byteSize() / Integer.BYTES;
    this.count = options.windows(tokens);
    if (count == 0) {
      throw options.tooShort(tokens);
    }
  }

  /**
   * Returns the windows of an array's ids, which are not copied.
   *
   * @throws IllegalArgumentException if there are not more than {@code maxLength} ids
   */
  public static SlidingWindows of(int[] ids, WindowOptions options) {
    return new SlidingWindows(MemorySegment.ofArray(ids), ValueLayout.JAVA_INT, options);
  }

  /**
   * Returns the windows of little-endian 32-bit ids in memory, which is not copied and must stay
   * alive.
   *
   * @throws IllegalArgumentException if there are not more than {@code maxLength} ids, or the
   *     segment's size is not a multiple of 4 bytes
   */
  public static SlidingWindows of(MemorySegment ids, WindowOptions options) {
    if (ids.byteSize() % Integer.BYTES != 0) {
      throw new IllegalArgumentException(
          "ids has "
              + ids.byteSize()
              + " bytes, not a multiple of 4; give a segment of 32-bit ids");
    }
    return new SlidingWindows(ids, LITTLE_ENDIAN, options);
  }

  /** Returns the options the windows were made with. */
  public WindowOptions options() {
    return options;
  }

  /** Returns the number of ids in the text. */
  public long tokens() {
    return tokens;
  }

  /** Returns the number of windows, at least 1. */
  public long count() {
    return count;
  }

  /** Returns the number of batches in an epoch; 0 only if the one short batch is dropped. */
  public long batches() {
    return options.batches(count);
  }

  /**
   * Copies one window to row {@code row} of two row-major [rows, maxLength] arrays.
   *
   * @param window its number in the order of the text
   * @throws IndexOutOfBoundsException if {@code window} is not in [0, {@link #count()}), or the row
   *     leaves an array
   */
  public void read(long window, int[] inputIds, int[] targetIds, int row) {
    if (window < 0 || window >= count) {
      throw new IndexOutOfBoundsException(
          "window = " + window + " is out of range [0, " + count + ")");
    }
    int maxLength = options.maxLength();
    checkRow("inputIds", inputIds, row);
    checkRow("targetIds", targetIds, row);
    long source = window * options.stride() * Integer.BYTES;
    int target = row * maxLength;
    MemorySegment.copy(ids, layout, source, inputIds, target, maxLength);
    MemorySegment.copy(ids, layout, source + Integer.BYTES, targetIds, target, maxLength);
  }

  /**
   * Returns one pass over all windows: in the order of the text, or, with a shuffle seed, in an
   * order of this epoch's own.
   *
   * @throws IllegalArgumentException if the windows are to be shuffled and there are more than
   *     2^31-9
   */
  public Epoch epoch(long epoch) {
    return new Epoch(this, epoch);
  }

  /**
   * Returns a batch with room for {@code batchSize} windows, to be filled by {@link Epoch#read}.
   */
  public TokenBatch newBatch() {
    return TokenBatch.allocate(options.batchSize(), options.maxLength());
  }

  /** Iterates over the batches of epoch 0, each in fresh arrays. */
  @Override
  public Iterator<TokenBatch> iterator() {
    return epoch(0).iterator();
  }

  private void checkRow(String name, int[] array, int row) {
    Objects.requireNonNull(array, name);
    int rows = array.length / options.maxLength();
    if (row < 0 || row >= rows) {
      throw new IndexOutOfBoundsException(
          "row = " + row + " is out of range [0, " + rows + ") of " + name);
    }
  }
}
