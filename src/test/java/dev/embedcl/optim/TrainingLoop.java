package dev.embedcl.optim;

import com.sun.management.ThreadMXBean;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.ReferenceModel;
import java.lang.management.ManagementFactory;
import java.util.Random;

/**
 * A program that trains: prints how many bytes a forward pass and a fused step leave on the Java
 * heap. Started by {@link SteadyStateTest} with the batch size and the number of bytes that is good
 * enough.
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

  /** Trains until an iteration allocates no more than the second argument. */
  public static void main(String[] args) {
    int batchSize = Integer.parseInt(args[0]);
    long goodEnough = Long.parseLong(args[1]);
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int count = batchSize * SEQ_LEN;
    int[] ids = ReferenceModel.randomIds(new Random(1), count, 1000);
    try (CpuBackend backend = CpuBackend.builder().threads(1).build();
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(1000)
                .embeddingDim(DIM)
                .maxLength(SEQ_LEN)
                .seed(1)
                .build();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, (long) count * DIM)) {
      Sgd sgd = new Sgd(0.1);
      long deviceBytes = 0;
      long bytes = Long.MAX_VALUE;
      for (int round = 0; round < MOST_ROUNDS && bytes > goodEnough; round++) {
        iterate(batchSize, layer, ids, sgd, gradOutput);
        deviceBytes = backend.allocatedBytes();
        long before = threads.getCurrentThreadAllocatedBytes();
        iterate(batchSize, layer, ids, sgd, gradOutput);
        bytes = (threads.getCurrentThreadAllocatedBytes() - before) / ITERATIONS;
      }
      if (backend.allocatedBytes() != deviceBytes) {
        throw new IllegalStateException(
            "device memory grew from " + deviceBytes + " to " + backend.allocatedBytes());
      }
      System.out.println(bytes);
    }
  }

  private static void iterate(
      int batchSize, InputEmbedding layer, int[] ids, Sgd sgd, DeviceBuffer gradOutput) {
    for (int i = 0; i < ITERATIONS; i++) {
      layer.forward(ids, batchSize, SEQ_LEN);
      sgd.step(layer, gradOutput);
    }
  }
}
