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
import org.junit.jupiter.api.Test;

/** A training loop in its steady state leaves next to nothing to collect. */
final class SteadyStateTest {
  /**
   * For the small objects of the calls, where the compiler has not removed them. A copy of the
   * batch's ids would take 8 KiB, one of its vectors 128 KiB.
   */
  private static final int BYTES_PER_ITERATION = 4096;

  @Test
  void forwardAndFusedStepAllocateNextToNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int[] ids = ReferenceModel.randomIds(new Random(1), 8 * 256, 1000);
    try (CpuBackend backend = CpuBackend.builder().threads(1).build();
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(1000)
                .embeddingDim(16)
                .maxLength(256)
                .seed(1)
                .build();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, 8 * 256 * 16)) {
      Sgd sgd = new Sgd(0.1);
      // Long enough for the compiler to remove what only interpreted code allocates.
      iterate(5_000, layer, ids, sgd, gradOutput);
      final long deviceBytes = backend.allocatedBytes();
      final long before = threads.getCurrentThreadAllocatedBytes();
      iterate(1_000, layer, ids, sgd, gradOutput);

      assertThat((threads.getCurrentThreadAllocatedBytes() - before) / 1_000)
          .as("bytes on the Java heap per forward and step")
          .isLessThanOrEqualTo(BYTES_PER_ITERATION);
      assertThat(backend.allocatedBytes()).isEqualTo(deviceBytes);
    }
  }

  private static void iterate(
      int times, InputEmbedding layer, int[] ids, Sgd sgd, DeviceBuffer gradOutput) {
    for (int i = 0; i < times; i++) {
      layer.forward(ids, 8, 256);
      sgd.step(layer, gradOutput);
    }
  }
}
