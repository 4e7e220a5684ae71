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

  /** Stands for no padding where a padding id is asked for. */
  public static final long NO_PADDING = -1;

  private final IndexSort sort = new IndexSort();
  private final CompactRows compactRows = new CompactRows();
  private int[] packed = new int[2];
  private int[] keys = new int[0];
  private float[] scales = new float[0];
  private boolean compactBuilt;
  private boolean scaled;
  private int count;
  private int sourceRows;
  private int uniqueRows;
  private int blocks;
  private int longRows;
  private int slots;
  private long numEmbeddings;
  private long paddingIdx = NO_PADDING;
  private boolean hasPadding;

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
   * Replaces the groups by those of another batch, all of whose ids contribute; see {@link
   * #rebuild(int[], int, long, long)}.
   */
  public IndexGroups rebuild(int[] indices, int count, long numEmbeddings) {
    return rebuild(indices, count, numEmbeddings, NO_PADDING);
  }

  /**
   * Replaces the groups by those of another batch, in which one id contributes nothing. Position n
   * contributes row n of the gradient, unscaled; {@link #fromRows}, {@link #scaledBy} and {@link
   * #scaledByFrequency} change that until the next rebuild.
   *
   * @param indices the ids; the first {@code count} are taken
   * @param count how many ids
   * @param numEmbeddings the number of table rows, at most 2^31
   * @param paddingIdx the id whose row is left out, or {@link #NO_PADDING}
   * @return this
   * @throws IndexOutOfBoundsException if an id is not in [0, {@code numEmbeddings}); the groups
   *     stay as they were
   * @throws IllegalArgumentException if {@code count} is not in [0, indices.length] or {@code
   *     paddingIdx} is no row
   */
  public IndexGroups rebuild(int[] indices, int count, long numEmbeddings, long paddingIdx) {
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
    requireArgument(
        paddingIdx >= NO_PADDING && paddingIdx < Math.max(numEmbeddings, 1),
        "paddingIdx = %d is out of range [0, %d)",
        paddingIdx,
        numEmbeddings);
    Checks.requireIndices(indices, count, numEmbeddings);
    ensureCapacity(count);
    this.sourceRows = count;
    this.numEmbeddings = numEmbeddings;
    scaled = false;
    compactBuilt = false;
    sort.sort(indices, count, numEmbeddings, keys, packed);
    this.count =
        paddingIdx == NO_PADDING ? count : sort.leaveOut((int) paddingIdx, count, keys, packed);
    this.paddingIdx = paddingIdx;
    hasPadding = this.count < count;
    cutIntoBlocks();
    return this;
  }

  /**
   * Lets each position contribute another row of the gradient than its own: for bags, whose
   * positions share a row.
   *
   * @param rowOfPosition a row for each id given to {@link #rebuild(int[], int, long, long)}, from
   *     0 to below {@code rows}; unchecked
   * @param rows how many rows the gradient has
   * @return this
   */
  public IndexGroups fromRows(int[] rowOfPosition, int rows) {
    for (int i = 0; i < count; i++) {
      packed[i] = rowOfPosition[packed[i]];
    }
    sourceRows = rows;
    return this;
  }

  /**
   * Multiplies each contribution by a scale of its position's. To be called before {@link
   * #fromRows}.
   *
   * @param scaleOfPosition a scale for each id given to {@link #rebuild(int[], int, long, long)}
   * @return this
   */
  public IndexGroups scaledBy(float[] scaleOfPosition) {
    startScales();
    for (int i = 0; i < count; i++) {
      scales[i] *= scaleOfPosition[packed[i]];
    }
    return this;
  }

  /**
   * Multiplies each contribution by 1 / (how often its id occurs in the batch), computed in float64
   * and rounded: PyTorch's {@code scale_grad_by_freq}.
   *
   * @return this
   */
  public IndexGroups scaledByFrequency() {
    startScales();
    for (int begin = 0; begin < count; ) {
      int end = endOfRow(begin);
      float scale = (float) (1.0 / (end - begin));
      for (int i = begin; i < end; i++) {
        scales[i] *= scale;
      }
      begin = end;
    }
    return this;
  }

  /** Returns the number of contributions: of ids in the batch, without those left out. */
  public int count() {
    return count;
  }

  /** Returns how many rows the gradient has that contributions are taken from. */
  public int sourceRows() {
    return sourceRows;
  }

  /** Returns the number of rows of the table the ids were checked against. */
  public long numEmbeddings() {
    return numEmbeddings;
  }

  /** Returns the id that was left out, or {@link #NO_PADDING}. */
  public long paddingIdx() {
    return paddingIdx;
  }

  /** Returns whether the id that was left out occurs in the batch. */
  public boolean hasPadding() {
    return hasPadding;
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

  /**
   * Returns the gradient's row of the {@code i}-th contribution, in the order of ids and then of
   * positions; the position in the batch unless {@link #fromRows} gave another.
   */
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

  /** Returns whether contributions have scales. */
  public boolean isScaled() {
    return scaled;
  }

  /** Returns the scale of the {@code i}-th contribution; there has to be one. */
  public float scale(int i) {
    return scales[i];
  }

  /** Returns all scales, as {@link #packed()} is returned; empty where there are none. */
  public MemorySegment scales() {
    return MemorySegment.ofArray(scales)
        .asSlice(0, scaled ? (long) count * Float.BYTES : 0)
        .asReadOnly();
  }

  /** Returns the numbering of the unique rows, built when first asked for. */
  public CompactRows compactRows() {
    if (!compactBuilt) {
      compactRows.rebuild(this);
      compactBuilt = true;
    }
    return compactRows;
  }

  /** Returns the length of {@link #packed()} in integers. */
  public int packedLength() {
    return count + 3 * blocks + 2 * longRows + 2;
  }

  private void startScales() {
    if (scaled) {
      return;
    } else if (scales.length < count) {
      scales = new float[count];
    }
    Arrays.fill(scales, 0, count, 1);
    scaled = true;
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
