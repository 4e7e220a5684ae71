package dev.embedcl.op;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Looks up the vectors of each bag and makes one of them, {@code out[b, :]}, without storing them
 * in between: over the positions n of bag b whose ids are not the padding,
 *
 * <ul>
 *   <li>{@link BagMode#SUM}: Σ weight[indices[n], :], or Σ weight[indices[n], :] ·
 *       perSampleWeights[n], each product rounded;
 *   <li>{@link BagMode#MEAN}: that sum, divided by how many these positions are;
 *   <li>{@link BagMode#MAX}: the greatest in each column: the first is taken, and then each that is
 *       greater than what was taken before; so of equal numbers the first stays, and a NaN stays
 *       where it comes first and is passed over elsewhere. {@code winners[b, d]} becomes the
 *       position n that it came from.
 * </ul>
 *
 * <p>A bag without such positions becomes zeros, and its winners -1.
 *
 * <p>The order of the additions: a bag's positions are cut into blocks of {@value
 * IndexGroups#BLOCK}, counted with padding; the vectors of a block are added one after the other,
 * starting from its first; the sums of the blocks are added in order, starting from the first block
 * that has any. All arithmetic is float32, each operation rounded: the same bits everywhere, but
 * for the mean where a device's division is not {@code correctlyRoundedDivision}. Vectors of 16
 * bits are widened first, quantised ones dequantised as {@link QuantizedMatrix} says, and where
 * {@code out} is of 16 bits, each of its elements is rounded once, at the end, to the nearest
 * number, to the even one of two.
 *
 * <p>Bad ids are skipped as padding is, and recorded, see {@link Bags}.
 *
 * @param weight [numEmbeddings, embeddingDim]
 * @param bags the ids and where the bags begin
 * @param mode what becomes of a bag's vectors
 * @param perSampleWeights float32, at least {@code bags.count()}; null for ones, and unless the
 *     mode is {@code SUM}
 * @param out receives [bags, embeddingDim], of float32 or of {@code weight}'s type, or of any
 *     matrix's type where the rows are quantised; may have more rows, which stay as they are
 * @param winners int32, receives [bags, embeddingDim] where the mode is {@code MAX}; null unless it
 *     is
 */
public record EmbeddingBagForward(
    Table weight,
    Bags bags,
    BagMode mode,
    @Nullable DeviceBuffer perSampleWeights,
    Matrix out,
    @Nullable DeviceBuffer winners)
    implements Operation {

  /**
   * Checks everything but the contents of the buffers.
   *
   * @throws IllegalArgumentException if sizes or types do not fit each other, there are per-sample
   *     weights for a mode that takes none, winners are missing or superfluous, or {@code out}
   *     shares a buffer with the table or the weights
   */
  public EmbeddingBagForward {
    Checks.requireOutputType(out, weight);
    requireArgument(
        out.rows() >= bags.bags(), "out has %d rows; there are %d bags", out.rows(), bags.bags());
    Checks.requireColumns("out", out, weight.columns());
    Checks.requireDistinct("out", out, "weight", weight);
    if (perSampleWeights != null) {
      requireArgument(
          mode == BagMode.SUM, "perSampleWeights are for mode SUM; the mode is %s", mode);
      Checks.requireSampleWeights("perSampleWeights", perSampleWeights, bags.count(), weight);
      Checks.requireDistinct("out", out.buffer(), "perSampleWeights", perSampleWeights);
    }
    requireArgument(
        (winners != null) == (mode == BagMode.MAX),
        "winners are recorded in mode MAX and in no other; the mode is %s",
        mode);
    if (winners != null) {
      Checks.requireWinners(winners, bags.bags(), weight.columns());
    }
  }

  @Override
  public boolean isFloat64() {
    return weight.type() == DType.FLOAT64;
  }
}
