package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import java.lang.foreign.MemorySegment;

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
  private final BlockCut cut = new BlockCut();
  private final ContributionScales scales;
  private final CompactRows compactRows = new CompactRows();
  private int[] packed = new int[2];
  private int[] keys = new int[0];
  private int[] positions = new int[0];
  private boolean positionsKept;
  private boolean compactBuilt;
  private int count;
  private int sourceRows;
  private long numEmbeddings;
  private long paddingIdx = NO_PADDING;
  private boolean hasPadding;

  /** Creates the groups of an empty batch, whose scales are float32. */
  public IndexGroups() {
    this(DType.FLOAT32);
  }

  /**
   * Creates the groups of an empty batch.
   *
   * @param scalesType the type of scales: that of the gradients that are summed, {@link
   *     DType#FLOAT32} or {@link DType#FLOAT64}
   * @throws IllegalArgumentException if it is another
   */
  public IndexGroups(DType scalesType) {
    if (scalesType != DType.FLOAT32 && scalesType != DType.FLOAT64) {
      throw new IllegalArgumentException(
          "scales of " + scalesType + "; give FLOAT32, or FLOAT64 for gradients of that type");
    }
    this.scales = new ContributionScales(scalesType == DType.FLOAT64);
  }

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
    scales.clear();
    positionsKept = false;
    compactBuilt = false;
    sort.sort(indices, count, numEmbeddings, keys, packed);
    this.count =
        paddingIdx == NO_PADDING ? count : sort.leaveOut((int) paddingIdx, count, keys, packed);
    this.paddingIdx = paddingIdx;
    hasPadding = this.count < count;
    cut.cut(keys, this.count, packed);
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
   * @throws IllegalArgumentException if scales are float64
   */
  public IndexGroups scaledBy(float[] scaleOfPosition) {
    scales.multiply(scaleOfPosition, packed, count);
    return this;
  }

  /**
   * Does as {@link #scaledBy(float[])} where scales are float64.
   *
   * @param scaleOfPosition a scale for each id given to {@link #rebuild(int[], int, long, long)}
   * @return this
   * @throws IllegalArgumentException if scales are float32
   */
  public IndexGroups scaledBy(double[] scaleOfPosition) {
    scales.multiply(scaleOfPosition, packed, count);
    return this;
  }

  /**
   * Multiplies each contribution by 1 / (how often its id occurs in the batch), computed in float64
   * and rounded to the type of the scales: PyTorch's {@code scale_grad_by_freq}.
   *
   * @return this
   */
  public IndexGroups scaledByFrequency() {
    scales.divideByFrequency(keys, count);
    return this;
  }

  /**
   * Keeps the position in the batch of each contribution, for sums that leave out some columns of
   * it. To be called before {@link #fromRows}; the next rebuild forgets them.
   *
   * @return this
   */
  public IndexGroups keepPositions() {
    if (positions.length < count) {
      positions = new int[count];
    }
    System.arraycopy(packed, 0, positions, 0, count);
    positionsKept = true;
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
    return cut.uniqueRows();
  }

  /** Returns the number of blocks, at least one per unique row. */
  public int blocks() {
    return cut.blocks();
  }

  /** Returns the number of rows with more than one block. */
  public int longRows() {
    return cut.longRows();
  }

  /** Returns the number of block sums that long rows leave behind. */
  public int slots() {
    return cut.slots();
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
    return packed[cut.blockStartAt() + block];
  }

  /** Returns the table row a block belongs to. */
  public int blockRow(int block) {
    return packed[cut.blockRowAt() + block];
  }

  /** Returns the slot that takes a block's sum, or -1 when the block is its row's only one. */
  public int blockSlot(int block) {
    return packed[cut.blockSlotAt() + block];
  }

  /** Returns the table row of a long row. */
  public int longRow(int longRow) {
    return packed[cut.longRowAt() + longRow];
  }

  /** Returns a long row's first slot; for {@link #longRows()}, the number of slots. */
  public int longStart(int longRow) {
    return packed[cut.longStartAt() + longRow];
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
    return scales.isPresent();
  }

  /** Returns the type of the scales. */
  public DType scalesType() {
    return scales.type();
  }

  /** Returns the scale of the {@code i}-th contribution; there has to be one, of float32. */
  public float scale(int i) {
    return scales.get(i);
  }

  /** Returns the scale of the {@code i}-th contribution; there has to be one, of float64. */
  public double wideScale(int i) {
    return scales.getWide(i);
  }

  /** Returns all float32 scales, as {@link #packed()} is returned; empty where there are none. */
  public MemorySegment scales() {
    return scales.segment();
  }

  /** Returns whether the positions of the contributions in the batch were kept. */
  public boolean hasPositions() {
    return positionsKept;
  }

  /** Returns the {@code i}-th contribution's position in the batch; they have to be kept. */
  public int batchPosition(int i) {
    return positions[i];
  }

  /** Returns all positions that were kept, as {@link #packed()} is returned; perhaps none. */
  public MemorySegment batchPositions() {
    return MemorySegment.ofArray(positions)
        .asSlice(0, positionsKept ? (long) count * Integer.BYTES : 0)
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
    return cut.packedLength();
  }

  private void ensureCapacity(int count) {
    long needed = BlockCut.packedLimit(count);
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
}
