package dev.embedcl.op;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** Tables, ids and gradients for one call of an operation, on the host. */
final class TestBatch {
  /** The seed of all random tests: {@code -Dembedcl.test.seed=…}, or another one each time. */
  static final long SEED = Long.getLong("embedcl.test.seed", System.nanoTime());

  static {
    System.out.println("random tests use -Dembedcl.test.seed=" + SEED);
  }

  private final int batchSize;
  private final int seqLen;
  private final int numEmbeddings;
  private final int embeddingDim;
  private final int start;
  private final int[] ids;
  private final float[] weight;
  private final float[] positions;
  private final float[] gradOutput;

  TestBatch(
      int batchSize,
      int seqLen,
      int numEmbeddings,
      int embeddingDim,
      int start,
      int[] ids,
      float[] weight,
      float[] positions,
      float[] gradOutput) {
    this.batchSize = batchSize;
    this.seqLen = seqLen;
    this.numEmbeddings = numEmbeddings;
    this.embeddingDim = embeddingDim;
    this.start = start;
    this.ids = ids;
    this.weight = weight;
    this.positions = positions;
    this.gradOutput = gradOutput;
  }

  /** Returns a batch of random numbers of many magnitudes, with these ids. */
  static TestBatch of(
      RandomGenerator random,
      int batchSize,
      int seqLen,
      int start,
      int numEmbeddings,
      int dim,
      int[] ids) {
    return new TestBatch(
        batchSize,
        seqLen,
        numEmbeddings,
        dim,
        start,
        ids,
        numbers(random, numEmbeddings * dim),
        numbers(random, (start + seqLen + 1) * dim),
        numbers(random, batchSize * seqLen * dim));
  }

  /** Returns a batch with uniformly distributed ids. */
  static TestBatch uniform(
      long seed, int batchSize, int seqLen, int start, int numEmbeddings, int dim) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] ids = random.ints((long) batchSize * seqLen, 0, numEmbeddings).toArray();
    return of(random, batchSize, seqLen, start, numEmbeddings, dim, ids);
  }

  /** Returns ids of which {@code hits} at random places are {@code row}, the others uniform. */
  static int[] hotRow(RandomGenerator random, int count, int numEmbeddings, int row, int hits) {
    int[] ids = random.ints(count, 0, numEmbeddings).toArray();
    boolean[] hot = new boolean[count];
    for (int i = 0; i < hits; i++) {
      int j = random.nextInt(count);
      while (hot[j]) {
        j = (j + 1) % count;
      }
      hot[j] = true;
    }
    for (int i = 0; i < count; i++) {
      if (hot[i]) {
        ids[i] = row;
      } else if (ids[i] == row) {
        ids[i] = (row + 1) % numEmbeddings;
      }
    }
    return ids;
  }

  /** Returns ids of which the k-th most frequent appears about 1/k as often as the first. */
  static int[] zipf(RandomGenerator random, int count, int numEmbeddings) {
    int[] ids = new int[count];
    Arrays.setAll(
        ids,
        i -> Math.min(numEmbeddings - 1, (int) Math.pow(numEmbeddings, random.nextDouble()) - 1));
    return ids;
  }

  /** Returns numbers around 0, some of them a million times smaller than others. */
  static float[] numbers(RandomGenerator random, int count) {
    float[] numbers = new float[count];
    for (int i = 0; i < count; i++) {
      long bits = random.nextLong();
      numbers[i] = Math.scalb((float) (int) bits, -31 - (int) ((bits >>> 32) % 20));
    }
    return numbers;
  }

  /** Returns whole numbers so small that every order of additions gives the same sum. */
  static float[] integers(RandomGenerator random, int count) {
    float[] integers = new float[count];
    for (int i = 0; i < count; i++) {
      integers[i] = random.nextInt(19) - 9;
    }
    return integers;
  }

  int batchSize() {
    return batchSize;
  }

  int seqLen() {
    return seqLen;
  }

  int numEmbeddings() {
    return numEmbeddings;
  }

  int embeddingDim() {
    return embeddingDim;
  }

  /** Returns the row of the positional table that a sequence's first position takes. */
  int start() {
    return start;
  }

  int[] ids() {
    return ids;
  }

  /** Returns a table of [numEmbeddings, embeddingDim]. */
  float[] weight() {
    return weight;
  }

  /** Returns a table of [start + seqLen + 1, embeddingDim]. */
  float[] positions() {
    return positions;
  }

  /** Returns a gradient of [batchSize * seqLen, embeddingDim]. */
  float[] gradOutput() {
    return gradOutput;
  }

  int count() {
    return batchSize * seqLen;
  }

  TestBatch withGradOutput(float[] other) {
    return new TestBatch(
        batchSize, seqLen, numEmbeddings, embeddingDim, start, ids, weight, positions, other);
  }

  /** Says which batch it was, not what is in it. */
  @Override
  public String toString() {
    return "batch [%d, %d] of %d embeddings of %d, start %d, -Dembedcl.test.seed=%d"
        .formatted(batchSize, seqLen, numEmbeddings, embeddingDim, start, SEED);
  }
}
