package dev.embedcl.cli;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.IndexBatch;
import dev.embedcl.nn.Parameter;
import dev.embedcl.optim.Sgd;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What {@code tune} times: a layer's passes and steps on the device, beside the same layer in pure
 * Java. Both take the same steps, so that whatever a profile computes can be held against the
 * reference, bit by bit.
 */
final class TuneProblem implements AutoCloseable {
  private static final ValueLayout.OfInt LITTLE_ENDIAN_INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /** Batches of uniform ids, and as many of Zipf ids. */
  private static final int BATCHES_OF_A_KIND = 2;

  private final OpenClBackend device;
  private final KernelClock clock = new KernelClock();
  private final IndexBatch[] batches;
  private final TuneSide tried;
  private final TuneSide reference;

  /** What changes the tables when results are compared. */
  private final Sgd step = new Sgd(0.125);

  /** Takes as long, and leaves them as they are. */
  private final Sgd still = new Sgd(0);

  /**
   * Makes both layers.
   *
   * @param device with a queue that has profiling
   * @param java the pure-Java backend
   */
  TuneProblem(OpenClBackend device, Backend java, TuneRequest request) {
    this.device = device;
    this.batches = batches(request);
    device.queue().observeLaunches(clock);
    int dim = request.embeddingDim();
    int count = request.batchSize() * request.seqLen();
    try (HostTensor tokens = pattern(request.numEmbeddings(), dim);
        HostTensor positions = pattern(request.seqLen(), dim);
        HostTensor gradOutput = pattern(count, dim)) {
      this.tried = TuneSide.open(device, tokens, positions, gradOutput);
      try {
        this.reference = TuneSide.open(java, tokens, positions, gradOutput);
      } catch (RuntimeException | Error e) {
        tried.close();
        throw e;
      }
    }
  }

  /** Returns how a profile's results differ from the reference's; empty if they have its bits. */
  Optional<String> check(LaunchProfile profile) {
    device.profile(profile);
    IndexBatch batch = batches[batches.length - 1]; // of Zipf ids: some rows have many
    for (TuneSide side : List.of(tried, reference)) {
      side.layer().zeroGrad();
      side.layer().forwardInto(batch, side.out());
      side.layer().backward(side.gradOutput());
    }
    device.synchronize();
    Optional<String> difference = difference("output", tried.out(), reference.out());
    for (int i = 0; i < tried.parameters().size() && difference.isEmpty(); i++) {
      Parameter parameter = tried.parameters().get(i);
      difference =
          difference(
              "gradient of " + parameter.name(),
              parameter.grad().orElseThrow().buffer(),
              reference.parameters().get(i).grad().orElseThrow().buffer());
    }
    if (difference.isEmpty()) {
      step.step(tried.layer(), tried.gradOutput());
      step.step(reference.layer(), reference.gradOutput());
      for (int i = 0; i < tried.parameters().size() && difference.isEmpty(); i++) {
        Parameter parameter = tried.parameters().get(i);
        difference =
            difference(
                parameter.name(),
                parameter.matrix().buffer(),
                reference.parameters().get(i).matrix().buffer());
      }
    }
    return difference;
  }

  /** Times a profile once, on the average of all batches. */
  TuneTimes sample(LaunchProfile profile) {
    device.profile(profile);
    clock.begin();
    for (IndexBatch batch : batches) {
      clock.part(KernelClock.Part.FORWARD);
      tried.layer().forwardInto(batch, tried.out());
      clock.part(KernelClock.Part.BACKWARD);
      tried.layer().backward(tried.gradOutput());
      clock.part(KernelClock.Part.STEP);
      still.step(tried.layer(), tried.gradOutput());
    }
    device.synchronize();
    return clock.end(batches.length);
  }

  /** Gives the device's tables the reference's values again, after something went wrong. */
  void restore() {
    for (int i = 0; i < tried.parameters().size(); i++) {
      try (HostTensor values = reference.parameters().get(i).toHost()) {
        tried.parameters().get(i).write(values);
      }
    }
  }

  @Override
  public void close() {
    device.queue().observeLaunches(null);
    clock.close();
    try (reference) {
      tried.close();
    }
  }

  private static Optional<String> difference(
      String what, DeviceBuffer actual, DeviceBuffer expected) {
    try (Mapping ours = actual.map(MapMode.READ);
        Mapping theirs = expected.map(MapMode.READ)) {
      long at = ours.segment().mismatch(theirs.segment());
      return at < 0
          ? Optional.empty()
          : Optional.of("wrong bits in the " + what + ", element " + at / Float.BYTES);
    }
  }

  private static IndexBatch[] batches(TuneRequest request) {
    List<IndexBatch> batches = new ArrayList<>();
    for (BenchIds kind : BenchIds.values()) {
      int[][] sets = kind.draw(request.batchSize() * request.seqLen(), request.numEmbeddings());
      for (int i = 0; i < BATCHES_OF_A_KIND; i++) {
        batches.add(IndexBatch.of(sets[i], request.batchSize(), request.seqLen()));
      }
    }
    return batches.toArray(IndexBatch[]::new);
  }

  /** Numbers of both signs between 1/2 and 1, all bits of which count; none is a zero. */
  private static HostTensor pattern(int rows, int columns) {
    HostTensor tensor = HostTensor.allocate(DType.FLOAT32, Shape.of(rows, columns));
    long elements = tensor.elements();
    for (long i = 0; i < elements; i++) {
      int bits = (int) (((i + 1) * 0x9e3779b97f4a7c15L) >>> 32);
      tensor
          .segment()
          .setAtIndex(LITTLE_ENDIAN_INT, i, (bits & 0x807fffff) | Float.floatToRawIntBits(0.5f));
    }
    return tensor;
  }
}
