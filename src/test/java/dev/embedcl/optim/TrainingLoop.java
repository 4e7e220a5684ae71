package dev.embedcl.optim;

import com.sun.management.ThreadMXBean;
import dev.embedcl.backend.Backend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.opencl.OpenClTestDevice;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Random;

/**
 * A program that trains: prints how many bytes a forward pass and a fused step leave on the Java
 * heap, those of the worst optimizer. Started by {@link SteadyStateTest} with the device, the batch
 * size and the number of bytes that is good enough.
 */
final class TrainingLoop {
  private static final int ITERATIONS = 2_000;

  /**
   * Interpreted code allocates what compiled code does not, and when the compiler is through on a
   * busy machine nobody knows; so it gets many rounds, and the first good one counts.
   */
  private static final int MOST_ROUNDS = 100;

  private static final int SEQ_LEN = 4;
  private static final int DIM = 16;

  private TrainingLoop() {}

  /** Trains until an iteration allocates no more than the third argument. */
  public static void main(String[] args) {
    boolean java = args[0].equals("cpu");
    int batchSize = Integer.parseInt(args[1]);
    long goodEnough = Long.parseLong(args[2]);
    try (Backend backend = java ? pureJava() : OpenClBackend.open(OpenClTestDevice.require());
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(1000)
                .embeddingDim(DIM)
                .maxLength(SEQ_LEN)
                .seed(1)
                .build();
        DeviceBuffer gradOutput =
            backend.allocate(DType.FLOAT32, (long) batchSize * SEQ_LEN * DIM)) {
      long most = 0;
      for (Optimizer optimizer : optimizers(java)) {
        most = Math.max(most, bytes(backend, batchSize, layer, optimizer, gradOutput, goodEnough));
        optimizer.close();
      }
      System.out.println(most);
    }
  }

  private static Backend pureJava() {
    return CpuBackend.builder().threads(1).build();
  }

  /** In pure Java they share the code that allocates or not; on a device each has its kernels. */
  private static List<Optimizer> optimizers(boolean java) {
    return java
        ? List.of(new Sgd(0.1))
        : List.of(
            new Sgd(0.1),
            new Adagrad(AdagradOptions.of(0.1)),
            new RowwiseAdagrad(0.1),
            new SparseAdam(AdamOptions.of(0.1)));
  }

  private static long bytes(
      Backend backend,
      int batchSize,
      InputEmbedding layer,
      Optimizer optimizer,
      DeviceBuffer gradOutput,
      long goodEnough) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int[] ids = ReferenceModel.randomIds(new Random(1), batchSize * SEQ_LEN, 1000);
    long deviceBytes = 0;
    long bytes = Long.MAX_VALUE;
    for (int round = 0; round < MOST_ROUNDS && bytes > goodEnough; round++) {
      iterate(batchSize, layer, ids, optimizer, gradOutput);
      deviceBytes = deviceBytes(backend);
      long before = threads.getCurrentThreadAllocatedBytes();
      iterate(batchSize, layer, ids, optimizer, gradOutput);
      bytes = (threads.getCurrentThreadAllocatedBytes() - before) / ITERATIONS;
    }
    if (deviceBytes(backend) != deviceBytes) {
      throw new IllegalStateException(
          "device memory grew from " + deviceBytes + " to " + deviceBytes(backend));
    }
    return bytes;
  }

  private static long deviceBytes(Backend backend) {
    return switch (backend) {
      case CpuBackend java -> java.allocatedBytes();
      case OpenClBackend device -> -device.queue().context().availableBytes();
      default -> throw new IllegalArgumentException("what does " + backend + " hold?");
    };
  }

  private static void iterate(
      int batchSize,
      InputEmbedding layer,
      int[] ids,
      Optimizer optimizer,
      DeviceBuffer gradOutput) {
    for (int i = 0; i < ITERATIONS; i++) {
      layer.forward(ids, batchSize, SEQ_LEN);
      optimizer.step(layer, gradOutput);
    }
  }
}
