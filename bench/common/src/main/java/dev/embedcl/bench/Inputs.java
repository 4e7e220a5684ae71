package dev.embedcl.bench;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Random;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/**
 * What one row of the comparison works on, the same for EmbedCL and for every peer: sizes, ids, and
 * the contents of tables and gradients. Eight sets of ids take turns, so that the rows of one call
 * are not in the caches when it is repeated.
 *
 * <p>All floats are small whole numbers: sums of them are exact in any order, and results are
 * compared without tolerance.
 */
@State(Scope.Benchmark)
public abstract class Inputs {
  /** A power of two, so that a step of SGD is exact too. */
  public static final float LEARNING_RATE = 0.5f;

  private static final int ID_SETS = 8;
  private static final long SEED = 123;

  /** batchSize x seqLen x embeddingDim. */
  @Param({"8x1024x768"})
  public String shape;

  /** Rows of the token table: GPT-2's vocabulary. */
  @Param({"50257"})
  public int numEmbeddings;

  /** How ids are drawn: all alike, or the k-th most frequent one in 1/k^1.1 of the cases. */
  @Param({"uniform", "zipf"})
  public String ids;

  /**
   * How tables and outputs are stored. The contents are such that all types have them, and of
   * uniform ids the sums too.
   */
  @Param({"FLOAT32"})
  public Storage storage;

  private int batchSize;
  private int seqLen;
  private int embeddingDim;
  private int[][] idSets;
  private long touchedRows;
  private int turn;

  /** Reads the shape and draws the ids; to be called first of all. */
  protected final void draw() {
    int[] sizes = Stream.of(shape.split("x")).mapToInt(Integer::parseInt).toArray();
    batchSize = sizes[0];
    seqLen = sizes[1];
    embeddingDim = sizes[2];
    Random random = new Random(SEED);
    idSets = new int[ID_SETS][];
    long touched = 0;
    for (int set = 0; set < ID_SETS; set++) {
      idSets[set] =
          ids.equals("zipf")
              ? Zipf.draw(random, count(), numEmbeddings)
              : random.ints(count(), 0, numEmbeddings).toArray();
      BitSet rows = new BitSet();
      Arrays.stream(idSets[set]).forEach(rows::set);
      touched += rows.cardinality();
    }
    touchedRows = touched / ID_SETS;
  }

  /** Returns the number of sequences. */
  public final int batchSize() {
    return batchSize;
  }

  /** Returns the number of ids in a sequence, and of rows in the positional table. */
  public final int seqLen() {
    return seqLen;
  }

  /** Returns the length of a row. */
  public final int embeddingDim() {
    return embeddingDim;
  }

  /** Returns the number of ids in a set. */
  public final int count() {
    return batchSize * seqLen;
  }

  /** Returns how many sets of ids there are. */
  public final int sets() {
    return ID_SETS;
  }

  /** Returns a set of ids, [batchSize, seqLen]; not to be changed. */
  public final int[] ids(int set) {
    return idSets[set];
  }

  /** Returns a set of ids as PyTorch's default type. */
  public final long[] idsAsLongs(int set) {
    return Arrays.stream(idSets[set]).asLongStream().toArray();
  }

  /** Returns which set of ids is next. */
  public final int next() {
    turn = (turn + 1) % ID_SETS;
    return turn;
  }

  /** Returns the bytes of a forward pass: ids, rows and positions read, output written. */
  public final long forwardBytes() {
    return 4L * count() + storedBytes(2L * count() + seqLen);
  }

  /**
   * Returns the bytes of a backward pass into gradients that exist: gradient of the output read,
   * touched rows of both tables read and written.
   */
  public final long backwardBytes() {
    return (long) gradientBytes() * embeddingDim * count() + storedBytes(2 * changedRows());
  }

  /** Returns the bytes of a sparse gradient: that of the output read, sums and row ids written. */
  public final long sparseGradientBytes() {
    return 4L * embeddingDim * (count() + seqLen + touchedRows) + 8L * touchedRows;
  }

  /**
   * Returns the bytes of the sums of bags, one bag to a sequence: ids, offsets and rows read, sums
   * written.
   */
  public final long bagBytes() {
    return 4L * count() + 4L * (batchSize + 1) + 4L * embeddingDim * ((long) count() + batchSize);
  }

  /** Returns the bytes of the sparse gradient of bags: that of the sums read, rows written. */
  public final long bagGradientBytes() {
    return 4L * embeddingDim * (batchSize + touchedRows) + 8L * touchedRows;
  }

  /**
   * Returns the bytes of a step by bags: those of the sums, gradient read, touched rows read and
   * written.
   */
  public final long bagStepBytes() {
    return bagBytes() + 4L * embeddingDim * (batchSize + 2 * touchedRows);
  }

  /** Returns the bytes of a fresh dense gradient: that of the output read, both tables written. */
  public final long freshGradientBytes() {
    return 4L * embeddingDim * (count() + seqLen + (long) numEmbeddings);
  }

  /**
   * Returns the bytes of a backward pass into dense gradients of which touched rows are cleared.
   */
  public final long clearedGradientBytes() {
    return backwardBytes() + 4L * embeddingDim * changedRows();
  }

  /** Returns the bytes of a forward pass and an update of the touched rows. */
  public final long stepBytes() {
    return forwardBytes() + backwardBytes();
  }

  /** Returns the bytes of a step with two moments beside each weight, read and written as it is. */
  public final long adamStepBytes() {
    return stepBytes() + 4L * embeddingDim * 2 * 2 * changedRows();
  }

  /** Returns the bytes of a number of the output's gradient: a float32, unless overridden. */
  protected int gradientBytes() {
    return Float.BYTES;
  }

  private long storedBytes(long rows) {
    return storage.bytes() * embeddingDim * rows;
  }

  /** The rows of both tables that a step changes. */
  private long changedRows() {
    return seqLen + touchedRows;
  }

  /** Returns what checks results against arithmetic in plain Java. */
  public final Reference reference() {
    return new Reference(this);
  }

  /** Returns what checks steps of Adam. */
  public final AdamReference adamReference() {
    return new AdamReference(this);
  }
}
