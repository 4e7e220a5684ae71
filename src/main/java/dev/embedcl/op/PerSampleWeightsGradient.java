package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;

/**
 * The gradient of the weights that {@link EmbeddingBagForward} multiplies vectors by: {@code
 * gradWeights[n] = Σ_d weight[indices[n], d] · gradOutput[b, d]} for each position n of bag b, and
 * 0 where the id is the padding or n is in no bag.
 *
 * <p>The sum over the columns has the order of {@link RowwiseAdagradUpdate}: of {@value #LANES}
 * partial sums that start from 0, the l-th adds the products of the columns l, l + {@value #LANES},
 * l + 2 · {@value #LANES}, … one after the other; then partial sum l + 8 is added to l, for l below
 * 8, then l + 4, l + 2 and l + 1 alike. Each product and sum is rounded: the same bits everywhere.
 * Rows of 16 bits are widened to float32 first.
 *
 * <p>Bad ids get 0 and are recorded, see {@link Bags}.
 *
 * @param weight [numEmbeddings, embeddingDim], as the forward pass read it: to be run before the
 *     table is updated
 * @param bags the ids and where the bags begin
 * @param gradOutput [bags, embeddingDim]
 * @param gradWeights float32, receives {@code bags.count()} numbers; may be larger
 */
public record PerSampleWeightsGradient(
    Matrix weight, Bags bags, Matrix gradOutput, DeviceBuffer gradWeights) implements Operation {
  /** Partial sums in which the products of a row are added up. */
  public static final int LANES = RowwiseAdagradUpdate.LANES;

  /**
   * Checks everything but the contents of the buffers.
   *
   * @throws IllegalArgumentException if sizes or types do not fit each other, or {@code
   *     gradWeights} is a buffer that is read
   */
  public PerSampleWeightsGradient {
    Checks.requireArithmetic("gradOutput", gradOutput.type(), weight);
    requireArgument(
        gradOutput.rows() >= bags.bags(),
        "gradOutput has %d rows; there are %d bags",
        gradOutput.rows(),
        bags.bags());
    Checks.requireColumns("gradOutput", gradOutput, weight.columns());
    Checks.requireSampleWeights("gradWeights", gradWeights, bags.count(), weight);
    Checks.requireDistinct("gradWeights", gradWeights, "weight", weight.buffer());
    Checks.requireDistinct("gradWeights", gradWeights, "gradOutput", gradOutput.buffer());
  }

  @Override
  public boolean isFloat64() {
    return weight.type() == DType.FLOAT64;
  }
}
