package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Where each table row's contributions stand in a batch: the unique ids in ascending order, and the
 * positions of each in input order, cut into blocks of at most {@value #BLOCK}.
 *
 * <p>Computed once per batch on the host and shared by everything that sums by row. A row with one
 * block is finished by whoever sums that block; the block sums of a <em>long row</em> are left in
 * <em>slots</em>, consecutive and in order, and added up by a second pass.
 *
 * <p>An instance can be rebuilt for batch after batch; its memory grows to the largest and stays. A
 * backend takes what it needs of it within {@code execute}, so it may be rebuilt right after. Not
 * safe for concurrent use while it is rebuilt.
 *
 * <p>Everything lies in one array, {@link #packed()}, so that a device gets it in one transfer.
 * Building takes O(count) time for a batch that is large beside the table (a counting sort) and
 * O(count) times the number of id digits for others (a radix sort with digits of 11 bits).
 */
public final class IndexGroups {
  /** Contributions that are summed one after the other before block sums are added up. */
  public static final int BLOCK = 64;

  /** Below this share of the table, 1 / this, a radix sort beats counting every row. */
  private static final int RADIX_SHARE = 4;

  private int[] packed = new int[2];
  private int[] keys = new int[0];
  private int[] scratchKeys = new int[0];
  private int[] scratchOrder = new int[0];
  private int[] counts = new int[0];
  private int count;
  private int uniqueRows;
  private int blocks;
  private int longRows;
  private int slots;
  private long numEmbeddings;

  /** Creates the groups of an empty batch. */
  public IndexGroups() {}

  /**
   * Returns the groups of a batch.
   *
   * @throws IndexOutOfBoundsException if an id is not in [0, {@code numEmbeddings})
   */
  public static IndexGroups of(int[] indices, long numEmbeddings) {
    return new IndexGroups().rebuild(indices, indices.length, numEmbeddings);
  }

  /**
   * Replaces the groups by those of another batch.
   *
   * @param indices the ids; the first {@code count} are taken
   * @param count how many ids
   * @param numEmbeddings the number of table rows, at most 2^31
   * @return this
   * @throws IndexOutOfBoundsException if an id is not in [0, {@code numEmbeddings}); the groups
   *     stay as they were
   * @throws IllegalArgumentException if {@code count} is not in [0, indices.length]
   */
  public IndexGroups rebuild(int[] indices, int count, long numEmbeddings) {
    requireArgument(
        count >= 0 && count <= indices.length,
        "count = %d is out of range [0, %d]",
        count,
        indices.length);
    requireArgument(
        numEmbeddings <= Matrix.MAX_ROWS,
        "numEmbeddings = %d exceeds the limit of %d",
        numEmbeddings,
        Matrix.MAX_ROWS);
    Checks.requireIndices(indices, count, numEmbeddings);
    ensureCapacity(count);
    this.count = count;
    this.numEmbeddings = numEmbeddings;
    if (count >= numEmbeddings / RADIX_SHARE) {
      countingSort(indices, (int) numEmbeddings);
    } else {
      radixSort(indices, numEmbeddings);
    }
    cutIntoBlocks();
    return this;
  }

  /** Returns the number of ids in the batch. */
  public int count() {
    return count;
  }

  /** Returns the number of rows of the table the ids were checked against. */
  public long numEmbeddings() {
    return numEmbeddings;
  }

  /** Returns the number of different ids. */
  public int uniqueRows() {
    return uniqueRows;
  }

  /** Returns the number of blocks, at least one per unique row. */
  public int blocks() {
    return blocks;
  }

  /** Returns the number of rows with more than one block. */
  public int longRows() {
    return longRows;
  }

  /** Returns the number of block sums that long rows leave behind. */
  public int slots() {
    return slots;
  }

  /** Returns the {@code i}-th position in the batch, sorted by id and then by position. */
  public int position(int i) {
    return packed[i];
  }

  /** Returns where a block starts among the sorted positions; for {@link #blocks()}, the count. */
  public int blockStart(int block) {
    return packed[count + block];
  }

  /** Returns the table row a block belongs to. */
  public int blockRow(int block) {
    return packed[count + blocks + 1 + block];
  }

  /** Returns the slot that takes a block's sum, or -1 when the block is its row's only one. */
  public int blockSlot(int block) {
    return packed[count + 2 * blocks + 1 + block];
  }

  /** Returns the table row of a long row. */
  public int longRow(int longRow) {
    return packed[count + 3 * blocks + 1 + longRow];
  }

  /** Returns a long row's first slot; for {@link #longRows()}, the number of slots. */
  public int longStart(int longRow) {
    return packed[count + 3 * blocks + 1 + longRows + longRow];
  }

  /**
   * Returns, as read-only memory on the Java heap that is valid until the next rebuild, the 32-bit
   * integers of {@code position[count], blockStart[blocks + 1], blockRow[blocks],
   * blockSlot[blocks], longRow[longRows], longStart[longRows + 1]}, one after the other.
   */
  public MemorySegment packed() {
    return MemorySegment.ofArray(packed)
        .asSlice(0, (long) packedLength() * Integer.BYTES)
        .asReadOnly();
  }

  /** Returns the length of {@link #packed()} in integers. */
  public int packedLength() {
    return count + 3 * blocks + 2 * longRows + 2;
  }

  void requireFits(int count, long rows) {
    requireArgument(
        this.count == count,
        "groups were built for %d ids; batchSize * seqLen is %d",
        this.count,
        count);
    requireArgument(
        numEmbeddings <= rows,
        "groups were built for %d embeddings; the table has %d rows",
        numEmbeddings,
        rows);
  }

  private void ensureCapacity(int count) {
    // At most count blocks, and at most one long row per block's worth of ids.
    long needed = 4L * count + 2L * (count / BLOCK) + 2;
    requireArgument(
        needed <= Integer.MAX_VALUE - 8,
        "a batch of %d ids is too large to be grouped; split it below %d",
        count,
        (Integer.MAX_VALUE - 8) / 5);
    if (packed.length < needed) {
      packed = new int[(int) needed];
      keys = new int[count];
    }
  }

  private void countingSort(int[] indices, int rows) {
    if (counts.length < rows + 1) {
      counts = new int[rows + 1];
    } else {
      Arrays.fill(counts, 0, rows + 1, 0);
    }
    for (int i = 0; i < count; i++) {
      counts[indices[i] + 1]++;
    }
    for (int row = 0; row < rows; row++) {
      counts[row + 1] += counts[row];
    }
    for (int i = 0; i < count; i++) {
      int index = indices[i];
      int to = counts[index]++;
      packed[to] = i;
      keys[to] = index;
    }
  }

  private void radixSort(int[] indices, long rows) {
    final int digitBits = 11;
    final int digits = 1 << digitBits;
    if (scratchKeys.length < count) {
      scratchKeys = new int[count];
      scratchOrder = new int[count];
    }
    if (counts.length < digits + 1) {
      counts = new int[digits + 1];
    }
    int bits = 64 - Long.numberOfLeadingZeros(Math.max(rows - 1, 1));
    int passes = (bits + digitBits - 1) / digitBits;
    int[] fromKeys = indices;
    int[] fromOrder = null;
    // Passes alternate between two pairs of arrays such that the last one ends in keys and packed.
    boolean intoResult = passes % 2 == 1;
    for (int pass = 0; pass < passes; pass++) {
      int shift = pass * digitBits;
      int[] toKeys = intoResult ? keys : scratchKeys;
      int[] toOrder = intoResult ? packed : scratchOrder;
      Arrays.fill(counts, 0, digits + 1, 0);
      for (int i = 0; i < count; i++) {
        counts[((fromKeys[i] >>> shift) & (digits - 1)) + 1]++;
      }
      for (int d = 0; d < digits; d++) {
        counts[d + 1] += counts[d];
      }
      for (int i = 0; i < count; i++) {
        int key = fromKeys[i];
        int to = counts[(key >>> shift) & (digits - 1)]++;
        toKeys[to] = key;
        toOrder[to] = fromOrder == null ? i : fromOrder[i];
      }
      fromKeys = toKeys;
      fromOrder = toOrder;
      intoResult = !intoResult;
    }
  }

  private void cutIntoBlocks() {
    countBlocks();
    final int blockRow = count + blocks + 1;
    final int blockSlot = blockRow + blocks;
    final int longRowRow = blockSlot + blocks;
    final int longRowStart = longRowRow + longRows;
    int block = 0;
    int longRow = 0;
    int slot = 0;
    for (int begin = 0; begin < count; ) {
      int row = keys[begin];
      int end = endOfRow(begin);
      boolean isLong = end - begin > BLOCK;
      if (isLong) {
        packed[longRowRow + longRow] = row;
        packed[longRowStart + longRow] = slot;
        longRow++;
      }
      for (int from = begin; from < end; from += BLOCK) {
        packed[count + block] = from;
        packed[blockRow + block] = row;
        packed[blockSlot + block] = isLong ? slot++ : -1;
        block++;
      }
      begin = end;
    }
    packed[count + blocks] = count;
    packed[longRowStart + longRows] = slots;
  }

  private void countBlocks() {
    uniqueRows = 0;
    blocks = 0;
    longRows = 0;
    slots = 0;
    for (int begin = 0; begin < count; ) {
      int end = endOfRow(begin);
      int rowBlocks = (end - begin + BLOCK - 1) / BLOCK;
      uniqueRows++;
      blocks += rowBlocks;
      if (rowBlocks > 1) {
        longRows++;
        slots += rowBlocks;
      }
      begin = end;
    }
  }

  private int endOfRow(int begin) {
    int row = keys[begin];
    int end = begin + 1;
    while (end < count && keys[end] == row) {
      end++;
    }
    return end;
  }
}
