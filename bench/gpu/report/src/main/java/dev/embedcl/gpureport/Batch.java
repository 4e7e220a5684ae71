package dev.embedcl.gpureport;

import dev.embedcl.op.IndexGroups;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The ids of a batch and its row groups.
 *
 * @param ids [count]
 * @param groups by the rows of the table that the ids name
 */
record Batch(int[] ids, IndexGroups groups) {
  private static final int FEWEST_GROUPINGS = 5;

  /** Until its code is compiled, grouping takes many times as long. */
  private static final int MOST_GROUPINGS = 2000;

  private static final long ENOUGH_NANOS = 50_000_000L;

  /** Draws the k-th batch of a shape. */
  static Batch draw(BatchShape shape, IdDistribution distribution, int k) {
    int[] ids = distribution.draw(shape.count(), shape.numEmbeddings(), Inputs.IDS_SEED + k);
    return of(shape, ids, shape.numEmbeddings());
  }

  private static Batch of(BatchShape shape, int[] ids, int rows) {
    return new Batch(ids, group(new IndexGroups(), shape, ids, rows));
  }

  /** Sorts the contributions by row; those of a bag's ids are all its one gradient. */
  private static IndexGroups group(IndexGroups groups, BatchShape shape, int[] ids, int rows) {
    groups.rebuild(ids, ids.length, rows);
    if (shape.bags()) {
      int[] bagOf = new int[ids.length];
      Arrays.setAll(bagOf, n -> n / shape.seqLen());
      groups.fromRows(bagOf, shape.batchSize());
    }
    return groups;
  }

  /** Returns the rows that the ids name, each once, ascending. */
  int[] rows() {
    int[] rows = new int[groups.uniqueRows()];
    Arrays.setAll(rows, groups.compactRows()::tableRow);
    return rows;
  }

  /** Returns the same batch for a table of its {@link #rows()} alone. */
  Batch compact(BatchShape shape) {
    int[] rows = rows();
    int[] ranks = new int[ids.length];
    Arrays.setAll(ranks, n -> Arrays.binarySearch(rows, ids[n]));
    return of(shape, ranks, rows.length);
  }

  /** Returns how many contributions each of the {@link #rows()} gets. */
  int[] contributions() {
    int[] counts = new int[groups.uniqueRows()];
    for (int block = 0; block < groups.blocks(); block++) {
      counts[groups.compactRows().ofBlock(block)] +=
          groups.blockStart(block + 1) - groups.blockStart(block);
    }
    return counts;
  }

  /** Returns how long the host takes to group the ids again, in microseconds, median. */
  double groupingMicros(BatchShape shape) {
    IndexGroups again = new IndexGroups();
    List<Double> micros = new ArrayList<>();
    long begin = System.nanoTime();
    for (int run = 0; run < MOST_GROUPINGS; run++) {
      long start = System.nanoTime();
      if (run >= FEWEST_GROUPINGS && start - begin > ENOUGH_NANOS) {
        break;
      }
      group(again, shape, ids, shape.numEmbeddings());
      micros.add((System.nanoTime() - start) / 1e3);
    }
    return Timing.median(micros);
  }
}
