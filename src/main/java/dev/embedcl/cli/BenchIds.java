package dev.embedcl.cli;

import java.util.Arrays;
import java.util.BitSet;
import java.util.SplittableRandom;

/** Ids for {@code bench}; the same on every machine. */
enum BenchIds {
  /** Every row is as frequent as any other: no cache helps. */
  UNIFORM,

  /** The k-th most frequent row makes up 1/k^1.1 of the ids, about as words in a text do. */
  ZIPF;

  private static final double EXPONENT = 1.1;
  private static final long SEED = 2026;

  /**
   * Sets that take turns, so that the rows of one call are not what the caches hold of the last.
   */
  static final int SETS = 8;

  @Override
  public String toString() {
    return this == UNIFORM ? "uniform ids" : "Zipf ids";
  }

  /** Returns {@link #SETS} sets of ids. */
  int[][] draw(int count, int numEmbeddings) {
    SplittableRandom random = new SplittableRandom(SEED);
    int[][] sets = new int[SETS][];
    double[] cumulative = this == ZIPF ? cumulative(numEmbeddings) : new double[0];
    Arrays.setAll(
        sets,
        _ ->
            switch (this) {
              case UNIFORM -> random.ints(count, 0, numEmbeddings).toArray();
              case ZIPF -> zipf(random, count, cumulative);
            });
    return sets;
  }

  /** Returns how many different rows a call touches, on the average of the sets. */
  static long uniqueRows(int[][] sets) {
    long unique = 0;
    for (int[] ids : sets) {
      BitSet seen = new BitSet();
      for (int id : ids) {
        seen.set(id);
      }
      unique += seen.cardinality();
    }
    return unique / sets.length;
  }

  private static double[] cumulative(int numEmbeddings) {
    double[] cumulative = new double[numEmbeddings];
    double sum = 0;
    for (int rank = 0; rank < numEmbeddings; rank++) {
      sum += Math.pow(rank + 1.0, -EXPONENT);
      cumulative[rank] = sum;
    }
    return cumulative;
  }

  private static int[] zipf(SplittableRandom random, int count, double[] cumulative) {
    int rows = cumulative.length;
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      int at = Arrays.binarySearch(cumulative, random.nextDouble() * cumulative[rows - 1]);
      int rank = Math.min(at < 0 ? -at - 1 : at, rows - 1);
      // Frequent rows lie anywhere in the table: the prime divides no table's size by design.
      ids[i] = (int) (rank * 2_147_483_629L % rows);
    }
    return ids;
  }
}
