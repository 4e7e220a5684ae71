package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.TestOpenClBackends;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.Kernel;
import dev.embedcl.opencl.OpenClTestDevice;
import dev.embedcl.opencl.Queue;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Training steps on a device are enqueued: none waits for those before it. */
final class StepsInFlightTest {
  private static final int ROWS = 50;
  private static final int DIM = 16;
  private static final int BATCH_SIZE = 3;
  private static final int SEQ_LEN = 5;
  private static final int STEPS = 20;

  /** Holds the queue up until the host sets the flag, or for seconds where that never comes. */
  private static final String GATE =
      """
      kernel void gate(global volatile int *flags) {
        for (uint i = 0; i < 3000000000u && flags[0] == 0; i++) {}
        flags[1] = 1;
      }
      """;

  private static final int OPEN = 0;
  private static final int PASSED = 1;

  /** On the one queue, and with all inputs uploaded on another. */
  @ParameterizedTest
  @ValueSource(longs = {LaunchProfile.NEVER, 0})
  void manyStepsAreEnqueuedWhileTheDeviceIsHeldUp(long asideBytes) {
    Device device = OpenClTestDevice.require();
    assumeTrue(device.hostUnifiedMemory(), "the flags lie in shared memory");
    float[] expected;
    try (Backend java = Backends.open("cpu");
        Run run = new Run(java)) {
      run.steps(2 + STEPS);
      expected = run.table();
    }
    Context context = Context.open(device);
    try (Arena arena = Arena.ofShared();
        OpenClBackend backend = OpenClBackend.wrap(context, Queue.open(context, false));
        Run run = new Run(backend)) {
      TestOpenClBackends.uploadAside(backend, asideBytes);
      run.steps(2); // programs are built, and memory is allocated
      backend.synchronize();
      MemorySegment flags = arena.allocate(ValueLayout.JAVA_INT, 1 << 10);
      Kernel gate = context.program(GATE, "").kernel("gate");
      gate.setArg(0, context.wrapHostMemory(flags));
      backend.queue().launch(gate, new long[] {1}, null);
      backend.queue().flush();
      run.steps(STEPS);
      assertThat(at(flags, PASSED)).as("a step waited for the device").isZero();
      ValueLayout.JAVA_INT.varHandle().setVolatile(flags, OPEN * 4L, 1);
      backend.synchronize();
      assertThat(at(flags, PASSED)).isOne();
      assertThat(run.table()).isEqualTo(expected);
    }
  }

  private static int at(MemorySegment flags, int index) {
    return (int) ValueLayout.JAVA_INT.varHandle().getVolatile(flags, index * 4L);
  }

  /** Forward passes and fused Adam steps on ids that lie in the same array each time. */
  private static final class Run implements AutoCloseable {
    private final InputEmbedding layer;
    private final DeviceBuffer gradOutput;
    private final SparseAdam adam = new SparseAdam(AdamOptions.of(0.01));
    private final int[] ids = new int[BATCH_SIZE * SEQ_LEN];
    private int step;

    Run(Backend backend) {
      layer =
          InputEmbedding.builder(backend)
              .numEmbeddings(ROWS)
              .embeddingDim(DIM)
              .maxLength(SEQ_LEN)
              .seed(7)
              .build();
      gradOutput = backend.allocate(DType.FLOAT32, (long) BATCH_SIZE * SEQ_LEN * DIM);
      float[] gradient = new float[BATCH_SIZE * SEQ_LEN * DIM];
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] = (i % 13 - 6) / 8f;
      }
      gradOutput.write(MemorySegment.ofArray(gradient));
    }

    void steps(int count) {
      for (int end = step + count; step < end; step++) {
        int each = step;
        Arrays.setAll(ids, i -> (i * 7 + each * 11) % ROWS);
        layer.forward(ids, BATCH_SIZE, SEQ_LEN);
        adam.step(layer, gradOutput);
      }
    }

    float[] table() {
      return layer.tokens().weight().toHost().toFloatArray();
    }

    @Override
    public void close() {
      adam.close();
      gradOutput.close();
      layer.close();
    }
  }
}
