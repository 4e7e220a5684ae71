package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.ReferenceModel;
import java.lang.management.ManagementFactory;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A training loop in its steady state leaves next to nothing to collect, whatever its batches. */
final class SteadyStateTest {
  /** About a kilobyte, with room for what a compiler may decide otherwise; 2,048 ids take more. */
  private static final int BYTES_PER_ITERATION = 1536;

  private static final int ITERATIONS = 2_000;

  /**
   * Interpreted code allocates what compiled code does not, and when the compiler is through on a
   * busy machine nobody knows; so it gets many rounds, and the first good one counts.
   */
  private static final int MOST_ROUNDS = 100;

  private static final int SEQ_LEN = 4;
  private static final int DIM = 16;

  @ParameterizedTest
  @ValueSource(ints = {8, 512})
  void forwardAndFusedStepAllocateNextToNothing(int batchSize) {
    final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    final int count = batchSize * SEQ_LEN;
    final int[] ids = ReferenceModel.randomIds(new Random(1), count, 1000);
    try (CpuBackend backend = CpuBackend.builder().threads(1).build();
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(1000)
                .embeddingDim(DIM)
                .maxLength(SEQ_LEN)
                .seed(1)
                .build();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, (long) count * DIM)) {
      final Sgd sgd = new Sgd(0.1);
      long deviceBytes = 0;
      long bytes = Long.MAX_VALUE;
      for (int round = 0; round < MOST_ROUNDS && bytes > BYTES_PER_ITERATION; round++) {
        iterate(batchSize, layer, ids, sgd, gradOutput);
        deviceBytes = backend.allocatedBytes();
        final long before = threads.getCurrentThreadAllocatedBytes();
        iterate(batchSize, layer, ids, sgd, gradOutput);
        bytes = (threads.getCurrentThreadAllocatedBytes() - before) / ITERATIONS;
      }

      assertThat(bytes)
          .as("bytes on the Java heap per forward and step")
          .isLessThanOrEqualTo(BYTES_PER_ITERATION);
      assertThat(backend.allocatedBytes()).isEqualTo(deviceBytes);
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
