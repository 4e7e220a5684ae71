package dev.embedcl.backend.cpu;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.BagMode;
import dev.embedcl.op.EmbeddingBagForward;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.PerSampleWeightsGradient;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Looks up bags of rows of float64 tables, and finds the gradient of their weights. */
final class CpuFloat64Bags {
  private final CpuBackend backend;
  private final CpuStatus status;
  private final CpuBags bags;

  CpuFloat64Bags(CpuBackend backend, CpuStatus status) {
    this.backend = backend;
    this.status = status;
    this.bags = new CpuBags(backend, status);
  }

  void forward(EmbeddingBagForward operation) {
    Forward forward = new Forward(operation);
    status.beginOperation();
    for (int bag = 0; bag < operation.bags().bags(); bag++) {
      forward.reduce(bag);
    }
  }

  void sampleWeightsGradient(PerSampleWeightsGradient operation) {
    MemorySegment weight = backend.memory(operation.weight());
    bags.of(operation.bags(), operation.weight().rows());
    MemorySegment gradOutput = backend.memory(operation.gradOutput());
    MemorySegment gradWeights = backend.memory(operation.gradWeights());
    int columns = operation.weight().columns();
    Float64Lanes products = new Float64Lanes();
    status.beginOperation();
    for (int position = 0; position < operation.bags().count(); position++) {
      int bag = bags.bagAt(position);
      boolean inBag = bag >= 0 && bag < operation.bags().bags() && position < bags.start(bag + 1L);
      int row = inBag ? bags.row(position) : -1;
      if (row >= 0) {
        for (int d = 0; d < columns; d++) {
          products.add(get(weight, row, columns, d) * get(gradOutput, bag, columns, d));
        }
      }
      gradWeights.set(JAVA_DOUBLE, 8L * position, products.total());
    }
  }

  private static double get(MemorySegment matrix, long row, int columns, int column) {
    return matrix.get(JAVA_DOUBLE, 8 * (row * columns + column));
  }

  /** One forward pass. */
  private final class Forward {
    private final MemorySegment weight;
    private final @Nullable MemorySegment sampleWeights;
    private final MemorySegment out;
    private final @Nullable MemorySegment winners;
    private final BagMode mode;
    private final int columns;
    private final double[] result;
    private final double[] blockSum;
    private final int[] won;

    Forward(EmbeddingBagForward operation) {
      weight = backend.memory(operation.weight());
      bags.of(operation.bags(), operation.weight().rows());
      sampleWeights = memory(operation.perSampleWeights());
      out = backend.memory(operation.out());
      winners = memory(operation.winners());
      mode = operation.mode();
      columns = operation.weight().columns();
      result = new double[columns];
      blockSum = new double[columns];
      won = new int[columns];
    }

    private @Nullable MemorySegment memory(@Nullable DeviceBuffer buffer) {
      return buffer == null ? null : backend.memory(buffer);
    }

    void reduce(int bag) {
      int end = bags.start(bag + 1L);
      int taken = 0;
      Arrays.fill(result, 0);
      Arrays.fill(won, -1);
      for (int from = bags.start(bag); from < end; from += IndexGroups.BLOCK) {
        int to = Math.min(end - from, IndexGroups.BLOCK) + from;
        taken += mode == BagMode.MAX ? max(from, to, taken) : sum(from, to, taken);
      }
      for (int d = 0; d < columns; d++) {
        long at = (long) bag * columns + d;
        double x = mode == BagMode.MEAN && taken > 1 ? result[d] / taken : result[d];
        out.set(JAVA_DOUBLE, 8 * at, x);
        if (winners != null) {
          winners.set(JAVA_INT, 4 * at, won[d]);
        }
      }
    }

    /** Adds the sum of a block to the result; returns how many rows it has. */
    private int sum(int from, int to, int takenBefore) {
      int count = 0;
      for (int position = from; position < to; position++) {
        int row = bags.row(position);
        if (row < 0) {
          continue;
        }
        for (int d = 0; d < columns; d++) {
          double x = get(weight, row, columns, d);
          if (sampleWeights != null) {
            x *= sampleWeights.get(JAVA_DOUBLE, 8L * position);
          }
          // Sums start from their first summand, so that a sum of -0 is -0.
          blockSum[d] = count == 0 ? x : blockSum[d] + x;
        }
        count++;
      }
      for (int d = 0; count > 0 && d < columns; d++) {
        result[d] = takenBefore == 0 ? blockSum[d] : result[d] + blockSum[d];
      }
      return count;
    }

    /** Replaces results by what is greater in a block; returns how many rows it has. */
    private int max(int from, int to, int takenBefore) {
      int count = 0;
      for (int position = from; position < to; position++) {
        int row = bags.row(position);
        if (row < 0) {
          continue;
        }
        for (int d = 0; d < columns; d++) {
          double x = get(weight, row, columns, d);
          if (takenBefore + count == 0 || x > result[d]) {
            result[d] = x;
            won[d] = position;
          }
        }
        count++;
      }
      return count;
    }
  }
}
