package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The ids of a batch of bags, where each bag begins, and perhaps a weight for each id.
 *
 * <p>A view: nothing is copied until {@code forward} does, before which the arrays must not change.
 */
public final class BagBatch {
  private final IndexBatch indices;
  private final int @Nullable [] offsets;
  private final @Nullable MemorySegment weights;
  private final @Nullable DeviceBuffer deviceWeights;
  private final @Nullable DType weightsType;

  private BagBatch(
      IndexBatch indices,
      int @Nullable [] offsets,
      @Nullable MemorySegment weights,
      @Nullable DeviceBuffer deviceWeights,
      @Nullable DType weightsType) {
    requireArgument(
        indices.start() == 0,
        "start = %d, but bags have no positions; start at 0",
        indices.start());
    this.indices = indices;
    this.offsets = offsets;
    this.weights = weights;
    this.deviceWeights = deviceWeights;
    this.weightsType = weightsType;
  }

  /**
   * Returns bags of equal size: PyTorch's 2-D input.
   *
   * @param indices [bags, bagSize]
   * @throws IllegalArgumentException if they start elsewhere than at position 0
   */
  public static BagBatch of(IndexBatch indices) {
    return new BagBatch(indices, null, null, null, null);
  }

  /**
   * Returns bags that begin at given offsets into the ids, whose own shape plays no part.
   *
   * @param indices all ids, bag after bag
   * @param offsets where each bag begins: the first at 0, none before the one that precedes it; a
   *     bag ends where the next begins, the last one with the ids, or where the last offset says if
   *     the layer has {@link EmbeddingBagBuilder#includeLastOffset}. Checked by {@code forward}
   * @throws IllegalArgumentException if the ids start elsewhere than at position 0
   */
  public static BagBatch of(IndexBatch indices, int[] offsets) {
    return new BagBatch(indices, offsets, null, null, null);
  }

  /**
   * Returns bags of int ids; see {@link #of(IndexBatch, int[])}.
   *
   * @param indices all ids, bag after bag
   */
  public static BagBatch of(int[] indices, int[] offsets) {
    return of(IndexBatch.of(indices, 1, indices.length), offsets);
  }

  /**
   * Returns bags of long ids, PyTorch's default; see {@link #of(IndexBatch, int[])}.
   *
   * @param indices all ids, bag after bag
   * @throws IllegalArgumentException if an offset is negative or beyond the ids
   */
  public static BagBatch of(long[] indices, long[] offsets) {
    int[] narrow = new int[offsets.length];
    for (int b = 0; b < offsets.length; b++) {
      requireArgument(
          offsets[b] >= 0 && offsets[b] <= indices.length,
          "offsets[%d] = %d is out of range [0, %d]: there are as many ids",
          b,
          offsets[b],
          indices.length);
      narrow[b] = (int) offsets[b];
    }
    return of(IndexBatch.of(indices, 1, indices.length), narrow);
  }

  /**
   * Returns the same bags with a weight that the vector of each id is multiplied by: PyTorch's
   * {@code per_sample_weights}, for mode {@link dev.embedcl.op.BagMode#SUM}.
   *
   * @param perSampleWeights as many as there are ids
   * @throws IllegalArgumentException if they are more or fewer
   */
  public BagBatch weighted(float[] perSampleWeights) {
    return weighted(DType.FLOAT32, MemorySegment.ofArray(perSampleWeights));
  }

  /**
   * Returns the same bags with weights of float64, for layers of that type; see {@link
   * #weighted(float[])}.
   *
   * @param perSampleWeights as many as there are ids
   * @throws IllegalArgumentException if they are more or fewer
   */
  public BagBatch weighted(double[] perSampleWeights) {
    return weighted(DType.FLOAT64, MemorySegment.ofArray(perSampleWeights));
  }

  private BagBatch weighted(DType type, MemorySegment perSampleWeights) {
    long given = perSampleWeights.byteSize() / type.bytes();
    requireArgument(
        given == count(), "perSampleWeights hold %d numbers; there are %d ids", given, count());
    return new BagBatch(indices, offsets, perSampleWeights, null, type);
  }

  /**
   * Returns the same bags with weights that are on the device already. {@code forward} uses them in
   * place, and {@code backward} and the optimizer steps read them back, so the buffer has to stay
   * as it is until then.
   *
   * @param perSampleWeights float32, or float64 for a layer of that type; at least as many as there
   *     are ids, on the layer's backend
   * @throws IllegalArgumentException if they are fewer or of another type
   */
  public BagBatch weighted(DeviceBuffer perSampleWeights) {
    requireArgument(
        (perSampleWeights.type() == DType.FLOAT32 || perSampleWeights.type() == DType.FLOAT64)
            && perSampleWeights.elements() >= count(),
        "perSampleWeights hold %d numbers of %s; there are %d ids, which take FLOAT32, or FLOAT64"
            + " where the table is",
        perSampleWeights.elements(),
        perSampleWeights.type(),
        count());
    return new BagBatch(indices, offsets, null, perSampleWeights, perSampleWeights.type());
  }

  /** Returns the ids. */
  public IndexBatch indices() {
    return indices;
  }

  /** Returns the number of ids. */
  public int count() {
    return indices.count();
  }

  /** Returns whether each id has a weight. */
  public boolean isWeighted() {
    return weights != null || deviceWeights != null;
  }

  @Override
  public String toString() {
    return "BagBatch("
        + (offsets == null
            ? indices.batchSize() + " bags of " + indices.seqLen()
            : count() + " ids, " + offsets.length + " offsets")
        + (isWeighted() ? ", weighted)" : ")");
  }

  /**
   * Checks that weights, if there are any, are of the type that a layer takes.
   *
   * @throws IllegalArgumentException if they are of another
   */
  void requireWeightsOf(DType type) {
    // No requireArgument here: nothing is to be made for a call that passes.
    if (weightsType != null && weightsType != type) {
      throw new IllegalArgumentException(
          "perSampleWeights are " + weightsType + "; the layer's table takes " + type);
    }
  }

  /** Returns the weights if the host has them, or null. */
  @Nullable MemorySegment hostWeights() {
    return weights;
  }

  /** Returns the weights on the host, in float64; ones where there are none. */
  double[] weightsToHost() {
    if (weightsType == null) {
      double[] ones = new double[count()];
      Arrays.fill(ones, 1);
      return ones;
    }
    try (HostTensor host = HostTensor.allocate(weightsType, Shape.of(count()))) {
      if (weights != null) {
        host.segment().copyFrom(weights);
      } else if (deviceWeights != null) {
        deviceWeights.read(host.segment());
      }
      return GradCheck.doubles(host);
    }
  }

  /** Returns the weights on the device, in {@code memory} if they came from the host; or null. */
  @Nullable DeviceBuffer weightsIn(GrowingBuffer memory) {
    MemorySegment onHost = weights;
    if (onHost == null) {
      return deviceWeights;
    }
    DeviceBuffer buffer = memory.atLeast(count());
    buffer.write(onHost);
    return buffer;
  }

  /**
   * Returns where each bag begins and, last of all, where the last one ends: a copy, checked.
   *
   * @param includeLastOffset whether the last of the offsets that were given is that end
   * @param spare what becomes the copy if it has its length: the next batch's often has
   * @throws IllegalArgumentException at the first offset that is wrong
   */
  int[] starts(boolean includeLastOffset, int[] spare) {
    int length =
        offsets == null ? indices.batchSize() + 1 : offsets.length + (includeLastOffset ? 0 : 1);
    int[] starts = spare.length == length ? spare : new int[length];
    if (offsets == null) {
      Arrays.setAll(starts, b -> b * indices.seqLen());
      return starts;
    }
    System.arraycopy(offsets, 0, starts, 0, offsets.length);
    requireArgument(
        offsets.length > 0 || (!includeLastOffset && count() == 0),
        "there are no offsets, but %d ids; give an offset for each bag, the first of them 0",
        count());
    if (!includeLastOffset) {
      starts[offsets.length] = count();
    }
    requireArgument(starts[0] == 0, "offsets[0] = %d; the first bag begins at 0", starts[0]);
    for (int b = 1; b < offsets.length; b++) {
      requireArgument(
          starts[b] >= starts[b - 1],
          "offsets[%d] = %d is less than offsets[%d] = %d; offsets must not decrease",
          b,
          starts[b],
          b - 1,
          starts[b - 1]);
    }
    int last = offsets.length - 1;
    requireArgument(
        last < 0 || starts[last] <= count(),
        "offsets[%d] = %d exceeds the number of ids, %d",
        last,
        last < 0 ? 0 : starts[last],
        count());
    return starts;
  }
}
