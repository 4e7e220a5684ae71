package dev.embedcl.op;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Token gather with positional add, in one pass: {@code out[b * seqLen + t, :] = weight[indices[b *
 * seqLen + t], :] + positions[start + t, :]}.
 *
 * <p>Tables of 16 bits are added in float32, and the sum is rounded once. A plain gather into the
 * table's own type keeps every bit. Of quantised rows, {@code weight[i, :]} is what {@link
 * QuantizedMatrix} makes of them.
 *
 * <p>One addition per element, so the result has the same bits everywhere. An id outside {@code [0,
 * weight.rows())} leaves its row of {@code out} untouched, and the backend's next {@code
 * synchronize()} throws {@link Checks#indexOutOfRange}.
 *
 * @param weight the token table, [numEmbeddings, embeddingDim]
 * @param indices int32 ids, [batchSize, seqLen]; the buffer may be larger
 * @param positions what is added, of any type, or null for a plain gather
 * @param out receives [batchSize * seqLen, embeddingDim], of float32 or of {@code weight}'s type,
 *     or of any matrix's type where the rows are quantised; may have more rows, which stay as they
 *     are
 * @param batchSize number of sequences, 0 allowed
 * @param seqLen ids per sequence, 0 allowed
 */
public record EmbeddingForward(
    Table weight,
    DeviceBuffer indices,
    @Nullable Positions positions,
    Matrix out,
    int batchSize,
    int seqLen)
    implements Operation {

  /**
   * Checks everything but the ids themselves.
   *
   * @throws IllegalArgumentException if sizes do not fit each other, the ids are more than 2^31-1,
   *     the positional table is too short, {@code out} shares a buffer with a table or is of a type
   *     that there is none of for {@code weight}
   */
  public EmbeddingForward {
    Checks.requireBatch(batchSize, seqLen);
    Checks.requireIndexBuffer(indices, (long) batchSize * seqLen);
    Checks.requireRows("out", out, (long) batchSize * seqLen);
    Checks.requireColumns("out", out, weight.columns());
    Checks.requireDistinct("out", out, "weight", weight);
    Checks.requireOutputType(out, weight);
    if (positions != null) {
      positions.requireLength(seqLen, weight.columns());
      Checks.requireSameArithmetic("the positional table", positions.table(), weight);
      Checks.requireDistinct("out", out, "the positional table", positions.table());
    }
  }

  /** Returns the number of ids, {@code batchSize * seqLen}. */
  public int count() {
    return batchSize * seqLen;
  }

  @Override
  public boolean isFloat64() {
    return weight.type() == DType.FLOAT64;
  }
}
