package dev.embedcl.op;

import dev.embedcl.backend.StoredNumbers;
import dev.embedcl.memory.DType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Bags of ids with numbers for every pass over them, and what the passes give, in the plainest Java
 * and in the documented order of additions.
 */
final class BagCase {
  private static final int BLOCK = 64;

  final int numEmbeddings;
  final int dim;
  final int[] ids;
  final int[] offsets;
  final long paddingIdx;
  final float[] weight;
  final float[] sampleWeights;
  final float[] gradOutput;

  private BagCase(
      SplittableRandom random,
      int numEmbeddings,
      int dim,
      int[] ids,
      int[] offsets,
      long paddingIdx) {
    this(
        numEmbeddings,
        dim,
        ids,
        offsets,
        paddingIdx,
        TestBatch.numbers(random, numEmbeddings * dim),
        TestBatch.numbers(random, ids.length),
        TestBatch.numbers(random, (offsets.length - 1) * dim));
  }

  private BagCase(
      int numEmbeddings,
      int dim,
      int[] ids,
      int[] offsets,
      long paddingIdx,
      float[] weight,
      float[] sampleWeights,
      float[] gradOutput) {
    this.numEmbeddings = numEmbeddings;
    this.dim = dim;
    this.ids = ids;
    this.offsets = offsets;
    this.paddingIdx = paddingIdx;
    this.weight = weight;
    this.sampleWeights = sampleWeights;
    this.gradOutput = gradOutput;
  }

  /** Returns bags of these sizes, followed by {@code rest} ids that are in none. */
  static BagCase of(
      SplittableRandom random, int numEmbeddings, int dim, int[] sizes, int rest, long paddingIdx) {
    int[] offsets = new int[sizes.length + 1];
    for (int b = 0; b < sizes.length; b++) {
      offsets[b + 1] = offsets[b] + sizes[b];
    }
    int count = offsets[sizes.length] + rest;
    int[] ids =
        random.nextBoolean()
            ? TestBatch.zipf(random, count, numEmbeddings)
            : random.ints(count, 0, numEmbeddings).toArray();
    return new BagCase(random, numEmbeddings, dim, ids, offsets, paddingIdx);
  }

  /** Returns random bags, some of them empty, some long, some of padding alone. */
  static BagCase random(SplittableRandom random) {
    int numEmbeddings = 1 + random.nextInt(random.nextBoolean() ? 4 : 300);
    int dim = random.nextInt(40) == 0 ? 768 : 1 + random.nextInt(70);
    int[] sizes = new int[random.nextInt(12)];
    for (int b = 0; b < sizes.length; b++) {
      sizes[b] = random.nextInt(random.nextInt(6) == 0 ? 400 : 9);
    }
    int rest = random.nextInt(4) == 0 ? random.nextInt(9) : 0;
    long padding = random.nextInt(3) == 0 ? -1 : random.nextInt(numEmbeddings);
    return of(random, numEmbeddings, dim, sizes, rest, padding);
  }

  /** Returns these bags with the table that a type keeps of this one. */
  BagCase storedAs(DType type) {
    return withWeight(stored(type, weight));
  }

  /** Returns these bags with another table of the same size. */
  BagCase withWeight(float[] table) {
    return new BagCase(
        numEmbeddings, dim, ids, offsets, paddingIdx, table, sampleWeights, gradOutput);
  }

  /** Returns what a type keeps of numbers. */
  static float[] stored(DType type, float[] values) {
    float[] stored = new float[values.length];
    for (int i = 0; i < stored.length; i++) {
      stored[i] = StoredNumbers.widen(type, StoredNumbers.narrow(type, values[i]));
    }
    return stored;
  }

  int bags() {
    return offsets.length - 1;
  }

  /** Returns the positions of a bag whose ids count. */
  List<Integer> positions(int bag) {
    List<Integer> positions = new ArrayList<>();
    for (int n = offsets[bag]; n < offsets[bag + 1]; n++) {
      if (ids[n] != paddingIdx) {
        positions.add(n);
      }
    }
    return positions;
  }

  float[] forward(BagMode mode, boolean weighted) {
    float[] out = new float[bags() * dim];
    for (int b = 0; b < bags(); b++) {
      for (int d = 0; d < dim; d++) {
        out[b * dim + d] =
            switch (mode) {
              case SUM -> sum(b, d, weighted);
              case MEAN -> sum(b, d, false) / Math.max(1, positions(b).size());
              case MAX -> max(b, d);
            };
      }
    }
    return out;
  }

  int[] winners() {
    int[] winners = new int[bags() * dim];
    for (int b = 0; b < bags(); b++) {
      for (int d = 0; d < dim; d++) {
        int winner = -1;
        for (int n : positions(b)) {
          if (winner < 0 || row(n, d) > row(winner, d)) {
            winner = n;
          }
        }
        winners[b * dim + d] = winner;
      }
    }
    return winners;
  }

  float[] sampleWeightsGradient() {
    float[] gradient = new float[ids.length];
    for (int b = 0; b < bags(); b++) {
      for (int n : positions(b)) {
        float[] lanes = new float[16];
        for (int d = 0; d < dim; d++) {
          lanes[d % 16] += row(n, d) * gradOutput[b * dim + d];
        }
        for (int half : List.of(8, 4, 2, 1)) {
          for (int l = 0; l < half; l++) {
            lanes[l] += lanes[l + half];
          }
        }
        gradient[n] = lanes[0];
      }
    }
    return gradient;
  }

  /** Returns the row groups of the backward pass, made as a layer makes them. */
  IndexGroups groups(BagMode mode, boolean weighted, boolean byFrequency) {
    int inBags = offsets[bags()];
    IndexGroups groups = new IndexGroups().rebuild(ids, inBags, numEmbeddings, paddingIdx);
    float[] scales = scales(mode, weighted);
    if (mode == BagMode.MEAN || weighted) {
      groups.scaledBy(scales);
    }
    if (byFrequency) {
      groups.scaledByFrequency();
    }
    if (mode == BagMode.MAX) {
      groups.keepPositions();
    }
    int[] bagOf = new int[ids.length];
    for (int b = 0; b < bags(); b++) {
      Arrays.fill(bagOf, offsets[b], offsets[b + 1], b);
    }
    return groups.fromRows(bagOf, bags());
  }

  /** Returns the gradient of each row that the bags name. */
  Map<Integer, float[]> gradients(BagMode mode, boolean weighted, boolean byFrequency) {
    Map<Integer, List<Integer>> byId = new TreeMap<>();
    int[] bagOf = new int[ids.length];
    for (int b = 0; b < bags(); b++) {
      for (int n : positions(b)) {
        bagOf[n] = b;
        byId.computeIfAbsent(ids[n], id -> new ArrayList<>()).add(n);
      }
    }
    float[] scales = scales(mode, weighted);
    int[] winners = winners();
    Map<Integer, float[]> gradients = new TreeMap<>();
    byId.forEach((row, positions) -> {
      float frequency = byFrequency ? (float) (1.0 / positions.size()) : 1;
      float[] gradient = new float[dim];
      for (int d = 0; d < dim; d++) {
        float[] summands = new float[positions.size()];
        for (int i = 0; i < summands.length; i++) {
          int n = positions.get(i);
          int from = bagOf[n] * dim + d;
          boolean counts = mode != BagMode.MAX || winners[from] == n;
          summands[i] = (counts ? gradOutput[from] : 0) * (scales[n] * frequency);
        }
        gradient[d] = ordered(summands);
      }
      gradients.put(row, gradient);
    });
    return gradients;
  }

  /** Returns the sum of numbers in blocks of 64, and the sum of those. */
  static float ordered(float[] summands) {
    float total = 0;
    for (int from = 0; from < summands.length; from += BLOCK) {
      float sum = summands[from];
      for (int i = from + 1; i < Math.min(from + BLOCK, summands.length); i++) {
        sum += summands[i];
      }
      total = from == 0 ? sum : total + sum;
    }
    return total;
  }

  @Override
  public String toString() {
    return "%d ids in bags from %s, %d embeddings of %d, padding %d, -Dembedcl.test.seed=%d"
        .formatted(
            ids.length, Arrays.toString(offsets), numEmbeddings, dim, paddingIdx, TestBatch.SEED);
  }

  private float[] scales(BagMode mode, boolean weighted) {
    float[] scales = new float[ids.length];
    Arrays.fill(scales, 1);
    for (int b = 0; b < bags(); b++) {
      for (int n : positions(b)) {
        scales[n] =
            weighted
                ? sampleWeights[n]
                : mode == BagMode.MEAN ? (float) (1.0 / positions(b).size()) : 1;
      }
    }
    return scales;
  }

  private float row(int n, int d) {
    return weight[ids[n] * dim + d];
  }

  private float sum(int bag, int d, boolean weighted) {
    // Blocks are of positions, of which those of the padding are left out.
    float total = 0;
    boolean any = false;
    for (int from = offsets[bag]; from < offsets[bag + 1]; from += BLOCK) {
      float sum = 0;
      boolean anyInBlock = false;
      for (int n = from; n < Math.min(from + BLOCK, offsets[bag + 1]); n++) {
        if (ids[n] != paddingIdx) {
          float x = weighted ? row(n, d) * sampleWeights[n] : row(n, d);
          sum = anyInBlock ? sum + x : x;
          anyInBlock = true;
        }
      }
      if (anyInBlock) {
        total = any ? total + sum : sum;
        any = true;
      }
    }
    return total;
  }

  private float max(int bag, int d) {
    List<Integer> positions = positions(bag);
    float best = positions.isEmpty() ? 0 : row(positions.getFirst(), d);
    for (int n : positions) {
      best = row(n, d) > best ? row(n, d) : best;
    }
    return best;
  }
}
