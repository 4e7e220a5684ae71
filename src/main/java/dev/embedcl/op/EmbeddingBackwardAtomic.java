package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The backward pass of {@link EmbeddingForward} as a scatter-add with float atomics: {@code
 * gradWeight[id, :] += gradOutput[n, :]} for each n with {@code indices[n] = id}, in whatever order
 * they come, and {@code gradPositions[start + t, :] += Σ_b gradOutput[b * seqLen + t, :]}, which is
 * deterministic all the same: the sum is formed first, ordered by b as {@link
 * Accumulation#DETERMINISTIC} has it, and then added.
 *
 * <p>Rows that no id names are neither read nor written. All matrices are float32, also where the
 * tables are stored in 16 bits.
 *
 * @param gradOutput [batchSize * seqLen, embeddingDim]
 * @param indices int32 ids, [batchSize, seqLen]. An id out of range is skipped and reported by the
 *     next {@code synchronize()}
 * @param gradWeight [numEmbeddings, embeddingDim]
 * @param paddingIdx the id whose row gets nothing, or {@link IndexGroups#NO_PADDING}
 * @param gradPositions the positional table's gradient, or null when there is none
 * @param batchSize number of sequences, 0 allowed
 * @param seqLen ids per sequence, 0 allowed
 */
public record EmbeddingBackwardAtomic(
    Matrix gradOutput,
    DeviceBuffer indices,
    Matrix gradWeight,
    long paddingIdx,
    @Nullable Positions gradPositions,
    int batchSize,
    int seqLen)
    implements Operation {

  /**
   * Checks everything but the ids.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, a matrix is of 16 bits, {@code
   *     paddingIdx} is no row or two matrices share a buffer
   */
  public EmbeddingBackwardAtomic {
    Checks.requireBatch(batchSize, seqLen);
    int count = batchSize * seqLen;
    Checks.requireGradientType("gradWeight", gradWeight);
    Checks.requireArithmetic("gradOutput", gradOutput.type(), gradWeight);
    Checks.requireRows("gradOutput", gradOutput, count);
    Checks.requireColumns("gradOutput", gradOutput, gradWeight.columns());
    Checks.requireDistinct("gradOutput", gradOutput, "gradWeight", gradWeight);
    Checks.requireIndexBuffer(indices, count);
    requireArgument(
        paddingIdx >= IndexGroups.NO_PADDING && paddingIdx < gradWeight.rows(),
        "paddingIdx = %d is out of range [0, %d)",
        paddingIdx,
        gradWeight.rows());
    if (gradPositions != null) {
      Checks.requireArithmetic("gradPositions", gradPositions.table().type(), gradWeight);
      gradPositions.requireLength(seqLen, gradWeight.columns());
      Checks.requireDistinct("gradOutput", gradOutput, "gradPositions", gradPositions.table());
      Checks.requireDistinct("gradWeight", gradWeight, "gradPositions", gradPositions.table());
    }
  }

  @Override
  public boolean isFloat64() {
    return gradOutput.type() == DType.FLOAT64;
  }
}
