package dev.embedcl.bench;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.TreeMap;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Checks results before anything is timed, against loops that share nothing with what is measured.
 * Each method wants every float right, to the bit; the contents are such that the order of a sum
 * makes no difference.
 */
public final class Reference {
  private static final int PART_ROWS = 1 << 14;

  private final Inputs inputs;
  private final int dim;

  Reference(Inputs inputs) {
    this.inputs = inputs;
    this.dim = inputs.embeddingDim();
  }

  /** Checks an output, [batchSize, seqLen, embeddingDim]. */
  public void requireOutput(MemorySegment output, int set) {
    requireSize("output", output, (long) inputs.count() * dim);
    int[] ids = inputs.ids(set);
    for (int n = 0; n < ids.length; n++) {
      for (int i = 0; i < dim; i++) {
        float expected =
            Contents.WEIGHT.at((long) ids[n] * dim + i)
                + Contents.POSITIONS.at((long) n % inputs.seqLen() * dim + i);
        require("output", n, i, expected, at(output, (long) n * dim + i));
      }
    }
  }

  /** Checks the sums of bags, one bag to a sequence, [batchSize, embeddingDim]. */
  public void requireBagSums(MemorySegment sums, int set) {
    requireSize("bag sums", sums, (long) inputs.batchSize() * dim);
    int[] ids = inputs.ids(set);
    for (int bag = 0; bag < inputs.batchSize(); bag++) {
      for (int i = 0; i < dim; i++) {
        float expected = 0;
        for (int t = 0; t < inputs.seqLen(); t++) {
          int id = ids[bag * inputs.seqLen() + t];
          expected += Contents.WEIGHT.at((long) id * dim + i);
        }
        require("bag sums", bag, i, expected, at(sums, (long) bag * dim + i));
      }
    }
  }

  /** Checks both gradients after one set was added to what was there. */
  public void requireAdded(MemorySegment gradWeight, MemorySegment gradPositions, int set) {
    requireTable("gradWeight", gradWeight, weightSums(set), Contents.GRAD_WEIGHT, 1);
    requireTable("gradPositions", gradPositions, positionSums(), Contents.GRAD_POSITIONS, 1);
  }

  /** Checks both gradients of one set where nothing was before. */
  public void requireFresh(MemorySegment gradWeight, MemorySegment gradPositions, int set) {
    requireTable("gradWeight", gradWeight, weightSums(set), null, 1);
    requirePositionGradient(gradPositions);
  }

  /** Checks the positional table's gradient where nothing was before. */
  public void requirePositionGradient(MemorySegment gradPositions) {
    requireTable("gradPositions", gradPositions, positionSums(), null, 1);
  }

  /** Checks both tables after one step of SGD with one set. */
  public void requireStep(MemorySegment weight, MemorySegment positions, int set) {
    requireStep(whole("weight", weight, inputs.numEmbeddings), positions, set);
  }

  /** The same of a token table that is read in parts. */
  public void requireStep(Rows weight, MemorySegment positions, int set) {
    float factor = -Inputs.LEARNING_RATE;
    requireTable("weight", weight, weightSums(set), Contents.WEIGHT, factor);
    requireTable("positions", positions, positionSums(), Contents.POSITIONS, factor);
  }

  /** Checks the table after one step of SGD by bags, one bag to a sequence. */
  public void requireBagStep(MemorySegment weight, int set) {
    requireTable("weight", weight, bagSums(set), Contents.WEIGHT, -Inputs.LEARNING_RATE);
  }

  /**
   * Checks a sparse gradient: each touched row once.
   *
   * @param rows its row ids, in any order
   * @param values the sums, [rows.length, embeddingDim]
   */
  public void requireSparse(long[] rows, MemorySegment values, int set) {
    requireSparse(rows, values, weightSums(set));
  }

  /** Checks the sparse gradient of the sums of bags, as {@link #requireSparse}. */
  public void requireBagSparse(long[] rows, MemorySegment values, int set) {
    requireSparse(rows, values, bagSums(set));
  }

  private void requireSparse(long[] rows, MemorySegment values, TreeMap<Integer, float[]> sums) {
    long[] sorted = rows.clone();
    Arrays.sort(sorted);
    if (!Arrays.equals(sorted, sums.keySet().stream().mapToLong(Integer::longValue).toArray())) {
      throw new IllegalStateException("sparse gradient has other rows than the ids; not timed");
    }
    requireSize("values", values, (long) rows.length * dim);
    for (int k = 0; k < rows.length; k++) {
      float[] sum = sums.get((int) rows[k]);
      for (int i = 0; i < dim; i++) {
        require("sparse gradient", rows[k], i, sum[i], at(values, (long) k * dim + i));
      }
    }
  }

  private TreeMap<Integer, float[]> bagSums(int set) {
    int[] ids = inputs.ids(set);
    return sums(n -> ids[n], n -> n / inputs.seqLen());
  }

  /** The gradients of the token table's rows that a set of ids touches. */
  TreeMap<Integer, float[]> weightSums(int set) {
    int[] ids = inputs.ids(set);
    return sums(n -> ids[n]);
  }

  /** The gradients of the positional table's rows. */
  TreeMap<Integer, float[]> positionSums() {
    return sums(n -> n % inputs.seqLen());
  }

  private TreeMap<Integer, float[]> sums(IntUnaryOperator rowOf) {
    return sums(rowOf, n -> n);
  }

  private TreeMap<Integer, float[]> sums(IntUnaryOperator rowOf, IntUnaryOperator gradientOf) {
    TreeMap<Integer, float[]> sums = new TreeMap<>();
    for (int n = 0; n < inputs.count(); n++) {
      float[] sum = sums.computeIfAbsent(rowOf.applyAsInt(n), row -> new float[dim]);
      for (int i = 0; i < dim; i++) {
        sum[i] += Contents.GRAD_OUTPUT.at((long) gradientOf.applyAsInt(n) * dim + i);
      }
    }
    return sums;
  }

  /** Every row, those without a sum included: they must be as before. */
  private void requireTable(
      String name,
      MemorySegment table,
      TreeMap<Integer, float[]> sums,
      @Nullable Contents before,
      float factor) {
    requireTable(name, whole(name, table, rows(name)), sums, before, factor);
  }

  private void requireTable(
      String name,
      Rows table,
      TreeMap<Integer, float[]> sums,
      @Nullable Contents before,
      float factor) {
    int rows = rows(name);
    for (int first = 0; first < rows; first += PART_ROWS) {
      int count = Math.min(PART_ROWS, rows - first);
      MemorySegment part = table.floats(first, count);
      for (int row = first; row < first + count; row++) {
        float[] sum = sums.get(row);
        for (int i = 0; i < dim; i++) {
          float expected =
              (before == null ? 0 : before.at((long) row * dim + i))
                  + (sum == null ? 0 : factor * sum[i]);
          require(name, row, i, expected, at(part, (long) (row - first) * dim + i));
        }
      }
    }
  }

  private int rows(String table) {
    return table.endsWith("ositions") ? inputs.seqLen() : inputs.numEmbeddings;
  }

  private Rows whole(String name, MemorySegment floats, int rows) {
    requireSize(name, floats, (long) rows * dim);
    return (first, count) -> floats.asSlice(4 * first * dim, 4 * count * dim);
  }

  static float at(MemorySegment floats, long index) {
    return floats.getAtIndex(JAVA_FLOAT_UNALIGNED, index);
  }

  static void requireSize(String name, MemorySegment floats, long expected) {
    if (floats.byteSize() != expected * Float.BYTES) {
      throw new IllegalStateException(
          "%s has %d bytes, not %d; not timed"
              .formatted(name, floats.byteSize(), expected * Float.BYTES));
    }
  }

  private static void require(String name, long row, int column, float expected, float actual) {
    if (expected != actual) {
      throw new IllegalStateException(
          "%s[%d, %d] = %s, not %s; not timed".formatted(name, row, column, actual, expected));
    }
  }
}
