package dev.embedcl.op;

import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of {@link EmbeddingForward}, added to what is there: {@code gradWeight[id, :] += Σ
 * gradOutput[n, :]} over all n with {@code indices[n] = id}, and {@code gradPositions[start + t, :]
 * += Σ_b gradOutput[b * seqLen + t, :]}.
 *
 * <p>The sum is formed first, in the order that {@link Accumulation} tells, and then added in one
 * addition ({@link Accumulation#ATOMIC} adds each contribution by itself to {@code gradWeight}).
 * The positional gradient is always deterministic, its contributions ordered by b. Rows that no id
 * names are neither read nor written.
 *
 * <p>Made by {@link #deterministic} or {@link #atomic}.
 *
 * @param gradOutput [batchSize * seqLen, embeddingDim]
 * @param groups where each row's contributions stand; given for {@link Accumulation#DETERMINISTIC}
 * @param indices int32 ids, [batchSize, seqLen]; given for {@link Accumulation#ATOMIC}. An id out
 *     of range is skipped and reported by the next {@code synchronize()}
 * @param gradWeight [numEmbeddings, embeddingDim]
 * @param gradPositions the positional table's gradient, or null when there is none
 * @param batchSize number of sequences, 0 allowed
 * @param seqLen ids per sequence, 0 allowed
 * @param accumulation the order of the additions
 */
public record EmbeddingBackward(
    Matrix gradOutput,
    @Nullable IndexGroups groups,
    @Nullable DeviceBuffer indices,
    Matrix gradWeight,
    @Nullable Positions gradPositions,
    int batchSize,
    int seqLen,
    Accumulation accumulation)
    implements Operation {

  /**
   * Checks everything but device-resident ids.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, what the accumulation needs is
   *     missing, or {@code gradOutput} shares a buffer with a gradient
   */
  public EmbeddingBackward {
    Checks.requireBatch(batchSize, seqLen);
    int count = batchSize * seqLen;
    Checks.requireRows("gradOutput", gradOutput, count);
    Checks.requireColumns("gradOutput", gradOutput, gradWeight.columns());
    Checks.requireDistinct("gradOutput", gradOutput, "gradWeight", gradWeight);
    if (gradPositions != null) {
      gradPositions.requireLength(seqLen, gradWeight.columns());
      Checks.requireDistinct("gradOutput", gradOutput, "gradPositions", gradPositions.table());
      Checks.requireDistinct("gradWeight", gradWeight, "gradPositions", gradPositions.table());
    }
    switch (accumulation) {
      case DETERMINISTIC -> {
        requireGiven(groups, "groups", accumulation).requireFits(count, gradWeight.rows());
      }
      case ATOMIC -> {
        Checks.requireIndexBuffer(requireGiven(indices, "indices", accumulation), count);
      }
    }
  }

  /** Returns the operation with the deterministic order of additions. */
  public static EmbeddingBackward deterministic(
      Matrix gradOutput,
      IndexGroups groups,
      Matrix gradWeight,
      @Nullable Positions gradPositions,
      int batchSize,
      int seqLen) {
    return new EmbeddingBackward(
        gradOutput,
        groups,
        null,
        gradWeight,
        gradPositions,
        batchSize,
        seqLen,
        Accumulation.DETERMINISTIC);
  }

  /** Returns the operation with float atomics. */
  public static EmbeddingBackward atomic(
      Matrix gradOutput,
      DeviceBuffer indices,
      Matrix gradWeight,
      @Nullable Positions gradPositions,
      int batchSize,
      int seqLen) {
    return new EmbeddingBackward(
        gradOutput,
        null,
        indices,
        gradWeight,
        gradPositions,
        batchSize,
        seqLen,
        Accumulation.ATOMIC);
  }

  private static <T> T requireGiven(@Nullable T value, String name, Accumulation accumulation) {
    if (value == null) {
      throw new IllegalArgumentException(accumulation + " accumulation needs " + name);
    }
    return value;
  }
}
