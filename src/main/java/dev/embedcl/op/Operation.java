package dev.embedcl.op;

/**
 * Something a backend can execute. Sealed, so that a {@code switch} without {@code default} makes a
 * new operation a compile error in every backend that does not have it yet.
 *
 * <p>An operation holds its buffers and does not own them.
 */
public sealed interface Operation
    permits EmbeddingForward,
        EmbeddingUpdate,
        PositionUpdate,
        DenseUpdate,
        CoalescedGradient,
        EmbeddingBackwardAtomic,
        EmbeddingRenorm,
        IndexClamp,
        RowNorms,
        MatrixScale,
        EmbeddingBagForward,
        PerSampleWeightsGradient {

  /**
   * Returns whether the operation computes in float64: all its floating-point operands are of that
   * type, or none is. Backends decide by this before they look at anything else.
   */
  boolean isFloat64();
}
