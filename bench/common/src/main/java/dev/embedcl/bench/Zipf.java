package dev.embedcl.bench;

import java.util.Arrays;
import java.util.Random;

/** Ids whose frequencies fall as words' do: the k-th most frequent one in 1/k^1.1 of the cases. */
final class Zipf {
  private static final double EXPONENT = 1.1;

  private Zipf() {}

  static int[] draw(Random random, int count, int numEmbeddings) {
    double[] cumulative = new double[numEmbeddings];
    double sum = 0;
    for (int rank = 0; rank < numEmbeddings; rank++) {
      sum += Math.pow(rank + 1, -EXPONENT);
      cumulative[rank] = sum;
    }
    int[] ids = new int[count];
    for (int i = 0; i < count; i++) {
      int at = Arrays.binarySearch(cumulative, random.nextDouble() * sum);
      int rank = Math.min(at < 0 ? -at - 1 : at, numEmbeddings - 1);
      // Frequent ids lie anywhere in the table; 48271 is prime and no divisor of its size.
      ids[i] = (int) (rank * 48_271L % numEmbeddings);
    }
    return ids;
  }
}
