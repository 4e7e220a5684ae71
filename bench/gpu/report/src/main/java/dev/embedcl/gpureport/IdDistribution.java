package dev.embedcl.gpureport;

import java.util.Arrays;
import java.util.Locale;

/** How the ids of a batch are drawn. */
enum IdDistribution {
  /** Every row as often as any other. */
  UNIFORM {
    @Override
    int[] draw(int count, int numEmbeddings, long seed) {
      int[] ids = new int[count];
      for (int i = 0; i < count; i++) {
        ids[i] = (int) Inputs.below(seed, i, numEmbeddings);
      }
      return ids;
    }
  },
  /**
   * The k-th most frequent row 1/k as often as the first: ranks by whole-number weights 2^40 / k,
   * so that every language draws the same, spread over the table by a multiplication.
   */
  ZIPF {
    @Override
    int[] draw(int count, int numEmbeddings, long seed) {
      long[] upTo = new long[numEmbeddings];
      long sum = 0;
      for (int rank = 0; rank < numEmbeddings; rank++) {
        sum += (1L << 40) / (rank + 1);
        upTo[rank] = sum;
      }
      int[] ids = new int[count];
      for (int i = 0; i < count; i++) {
        int found = Arrays.binarySearch(upTo, Inputs.below(seed, i, sum));
        long rank = found >= 0 ? found + 1 : -found - 1;
        ids[i] = (int) (rank * 2_654_435_761L % numEmbeddings);
      }
      return ids;
    }
  };

  /** Returns {@code count} ids in [0, numEmbeddings). */
  abstract int[] draw(int count, int numEmbeddings, long seed);

  String title() {
    return name().toLowerCase(Locale.ROOT);
  }
}
