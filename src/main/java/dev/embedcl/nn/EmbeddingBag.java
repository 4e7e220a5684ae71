package dev.embedcl.nn;

import static dev.embedcl.op.Checks.requireArgument;

import dev.embedcl.backend.Backend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.op.BagMode;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A table of vectors looked up by bags of ids, of each of which the sum, the mean or the maximum is
 * taken in one pass: PyTorch's {@code nn.EmbeddingBag}. Its options are those of {@link #builder}.
 *
 * <pre>{@code
 * EmbeddingBag bags = EmbeddingBag.builder(backend)
 *     .numEmbeddings(1000).embeddingDim(64).seed(123).mode(BagMode.SUM).build();
 * int[] ids = {4, 8, 15, 16};
 * Activation sums = bags.forward(ids, new int[] {0, 3}); // {4, 8, 15} and {16}: [2, 64]
 * sgd.step(bags, gradOutput);                            // backward and update, fused
 * }</pre>
 *
 * <p>What each mode computes, the order of the additions, and what becomes of empty bags: {@link
 * dev.embedcl.op.EmbeddingBagForward}. The gradient follows by {@link
 * dev.embedcl.op.EmbeddingUpdate}, for every optimizer and with every option, in the deterministic
 * order; {@code scaleGradByFreq} counts how often an id occurs in all bags together.
 *
 * <p>In the steady state nothing is allocated on the device. For one thread at a time. Owns its
 * table; closing the layer closes it.
 */
public final class EmbeddingBag implements TableLayer {
  static final String NAME = "embedding_bag.weight";

  private final Parameter weight;
  private final LookupOptions options;
  private final BagMode mode;
  private final boolean includeLastOffset;
  private final BagLookup lookup;
  private final AtomicBoolean closed = new AtomicBoolean();

  EmbeddingBag(Parameter weight, LookupOptions options, BagMode mode, boolean includeLastOffset) {
    this.weight = weight;
    this.options = options;
    this.mode = mode;
    this.includeLastOffset = includeLastOffset;
    this.lookup = new BagLookup(weight, options, mode, includeLastOffset);
  }

  /** Returns a builder. */
  public static EmbeddingBagBuilder builder(Backend backend) {
    return new EmbeddingBagBuilder(backend);
  }

  /**
   * Creates a layer of given weights that training leaves as they are: PyTorch's {@code
   * nn.EmbeddingBag.from_pretrained(weight, mode=…)}. {@code layer.weight().requiresGrad(true)}
   * thaws it.
   *
   * @param weight float32, float16 or bfloat16, or float64 on the CPU backend, [numEmbeddings,
   *     embeddingDim]; stored as it is
   * @throws IllegalArgumentException if type or shape is another
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the table
   * @throws IllegalStateException if the backend or the tensor was closed
   */
  public static EmbeddingBag fromPretrained(Backend backend, HostTensor weight, BagMode mode) {
    return builder(backend).weight(weight).mode(mode).frozen(true).build();
  }

  /** Returns the table [numEmbeddings, embeddingDim]. */
  public Parameter weight() {
    return weight;
  }

  /** Returns how ids are taken and gradients formed. */
  LookupOptions options() {
    return options;
  }

  /** Returns what becomes of the vectors of a bag. */
  public BagMode mode() {
    return mode;
  }

  /** Returns whether the last of a batch's offsets is where its last bag ends. */
  public boolean includeLastOffset() {
    return includeLastOffset;
  }

  /** Returns the id that counts for nothing, if there is one; not negative. */
  public OptionalLong paddingIdx() {
    return options.padding();
  }

  /** Returns whether each contribution is divided by how often its id occurs in the batch. */
  public boolean scaleGradByFreq() {
    return options.scaleGradByFreq();
  }

  /** Returns the limit of rows' norms, if there is one. */
  public OptionalDouble maxNorm() {
    return options.normLimit();
  }

  /** Returns the p of the norm that is limited. */
  public double normType() {
    return options.normType();
  }

  /** Returns the row that ids out of range stand for; empty where they are an error. */
  public OptionalLong clampOutOfRangeTo() {
    return options.clampRow();
  }

  @Override
  public Backend backend() {
    return weight.backend();
  }

  @Override
  public long numEmbeddings() {
    return weight.rows();
  }

  @Override
  public int embeddingDim() {
    return weight.columns();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  /**
   * Looks up bags of int ids; see {@link #forward(BagBatch)}.
   *
   * @param indices all ids, bag after bag
   * @param offsets where each bag begins, see {@link BagBatch#of(IndexBatch, int[])}
   * @return [bags, embeddingDim]
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException at the first offset that is wrong
   * @throws IllegalStateException if this layer, its table or the backend was closed
   */
  public Activation forward(int[] indices, int[] offsets) {
    return forward(BagBatch.of(indices, offsets));
  }

  /**
   * Looks up bags of int ids, each id's vector multiplied by a weight; see {@link
   * #forward(BagBatch)}.
   *
   * @param indices all ids, bag after bag
   * @param offsets where each bag begins, see {@link BagBatch#of(IndexBatch, int[])}
   * @param perSampleWeights as many as there are ids
   * @return [bags, embeddingDim]
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException at the first offset that is wrong, if there are not as many
   *     weights as ids, or if the mode is not {@code SUM}
   * @throws IllegalStateException if this layer, its table or the backend was closed
   */
  public Activation forward(int[] indices, int[] offsets, float[] perSampleWeights) {
    return forward(BagBatch.of(indices, offsets).weighted(perSampleWeights));
  }

  /**
   * Looks up bags of equal size, of int ids: PyTorch's 2-D input; see {@link #forward(BagBatch)}.
   *
   * @param indices [bags, bagSize], bag after bag
   * @return [bags, embeddingDim]
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException if {@code indices} has not {@code bags * bagSize} ids
   * @throws IllegalStateException if this layer, its table or the backend was closed
   */
  public Activation forward(int[] indices, int bags, int bagSize) {
    return forward(IndexBatch.of(indices, bags, bagSize));
  }

  /**
   * Looks up bags of equal size: PyTorch's 2-D input; see {@link #forward(BagBatch)}.
   *
   * @param indices [bags, bagSize], which may be of any integer type or on the device
   * @return [bags, embeddingDim]
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings)
   * @throws IllegalArgumentException if the ids start elsewhere than at position 0
   * @throws IllegalStateException if this layer, its table or the backend was closed
   */
  public Activation forward(IndexBatch indices) {
    return forward(BagBatch.of(indices));
  }

  /**
   * Looks up the vectors of each bag's ids and makes one of them.
   *
   * @return the vectors [bags, embeddingDim], perhaps still being computed, in memory of this layer
   *     that its next {@code forward} uses again
   * @throws IndexOutOfBoundsException at the first id that is not in [0, numEmbeddings), before
   *     anything is changed; ids on the device are skipped instead, and reported as {@link
   *     IndexBatch#onDevice} says
   * @throws IllegalArgumentException at the first offset that is wrong, or if there are weights and
   *     the mode is not {@code SUM}; before anything is changed
   * @throws dev.embedcl.backend.DeviceMemoryException if the device cannot hold the output
   * @throws IllegalStateException if this layer, its table or the backend was closed
   */
  public Activation forward(BagBatch batch) {
    requireOpen();
    return lookup.forward(batch, null);
  }

  /**
   * Looks up bags as {@link #forward(BagBatch)} does, into memory of the caller.
   *
   * @param out receives [bags, embeddingDim] from its first element on; may be larger, and what
   *     lies beyond stays. Must be float32 or of the table's type, of the same backend, and no
   *     parameter
   * @return a view of {@code out}
   * @throws IndexOutOfBoundsException as {@link #forward(BagBatch)}
   * @throws IllegalArgumentException as {@link #forward(BagBatch)}, and if {@code out} is too small
   *     or none that may be written
   * @throws IllegalStateException if this layer, its table, {@code out} or the backend was closed
   */
  public Activation forwardInto(BagBatch batch, DeviceBuffer out) {
    requireOpen();
    return lookup.forward(batch, out);
  }

  @Override
  public void backward(DeviceBuffer gradOutput) {
    requireOpen();
    lookup.backward(gradOutput);
  }

  @Override
  public void backward(HostTensor gradOutput) {
    requireOpen();
    lookup.backward(lookup.upload(gradOutput));
  }

  @Override
  public BatchGradient gradient(DeviceBuffer gradOutput) {
    requireOpen();
    return lookup.gradient(gradOutput);
  }

  @Override
  public BatchGradient gradient(HostTensor gradOutput) {
    requireOpen();
    return lookup.gradient(lookup.upload(gradOutput));
  }

  @Override
  public void sparseGradientInto(DeviceBuffer gradOutput, SparseGradient target) {
    requireOpen();
    target.requireOf(weight);
    lookup.sparseGradient(gradOutput, target);
  }

  /**
   * Computes the gradient of the weights of the latest {@code forward}, over what is in {@code
   * gradWeights}: 0 for padding. To be called before the table is updated, for it is computed from
   * the table as it is; the formula and its order: {@link dev.embedcl.op.PerSampleWeightsGradient}.
   *
   * @param gradOutput the gradient of the output, [bags, embeddingDim] from its first element on
   * @param gradWeights receives a number for each id; float32, or float64 if the table is; may be
   *     larger
   * @throws IllegalArgumentException if a buffer is too small or of another type
   * @throws IllegalStateException if there was no {@code forward} with weights, or this layer, its
   *     table, a buffer or the backend was closed
   */
  public void perSampleWeightsGradientInto(DeviceBuffer gradOutput, DeviceBuffer gradWeights) {
    requireOpen();
    lookup.sampleWeightsGradient(gradOutput, gradWeights);
  }

  /**
   * Returns the gradient of the weights of the latest {@code forward} on the host, see {@link
   * #perSampleWeightsGradientInto}.
   *
   * @param gradOutput as there
   * @return a number for each id
   * @throws IllegalArgumentException as there, and if the table is float64
   * @throws IllegalStateException as there
   * @throws IndexOutOfBoundsException if ids that were on the device turn out to be out of range
   */
  public float[] perSampleWeightsGradient(DeviceBuffer gradOutput) {
    requireOpen();
    requireArgument(
        weight.gradDtype() == DType.FLOAT32,
        "the table is %s, and so is this gradient; give perSampleWeightsGradientInto a buffer",
        weight.gradDtype());
    float[] host = new float[lookup.lastCount()];
    try (DeviceBuffer device = backend().allocate(DType.FLOAT32, host.length)) {
      lookup.sampleWeightsGradient(gradOutput, device);
      backend().synchronize();
      device.read(MemorySegment.ofArray(host));
    }
    return host;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      lookup.close();
      weight.close();
    }
  }

  @Override
  public String toString() {
    return "EmbeddingBag(" + numEmbeddings() + ", " + embeddingDim() + ", " + mode + ")";
  }

  private void requireOpen() {
    if (closed.get()) {
      throw new IllegalStateException(this + " was closed");
    }
  }
}
