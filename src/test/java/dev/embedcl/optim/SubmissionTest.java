package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.opencl.LaunchProfile;
import dev.embedcl.backend.opencl.OpenClBackend;
import dev.embedcl.backend.opencl.TestOpenClBackends;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.nn.BagBatch;
import dev.embedcl.nn.EmbeddingBag;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.op.BagMode;
import dev.embedcl.opencl.CallRecorder;
import dev.embedcl.opencl.OpenClTestDevice;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Each pass is sent off to the device before it returns, so that the device works while the host
 * builds the row groups of the next. A driver may otherwise keep it until something waits for it;
 * PoCL does not, so that this looks at the calls.
 */
final class SubmissionTest {
  private static final int ROWS = 50;
  private static final int DIM = 16;
  private static final int[] IDS = {3, 1, 4, 1, 5, 9, 2, 6};

  @Test
  void forwardAndFusedStepAreSentOff() {
    try (OpenClBackend backend = OpenClBackend.open(OpenClTestDevice.require());
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(ROWS)
                .embeddingDim(DIM)
                .maxLength(IDS.length)
                .seed(1)
                .build();
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, (long) IDS.length * DIM);
        CallRecorder recorder = new CallRecorder(backend.queue())) {
      layer.forward(IDS, 1, IDS.length);
      assertSentOff(recorder.calls());
      new Sgd(0.1).step(layer, gradOutput);
      assertSentOff(recorder.calls());
      layer.backward(gradOutput);
      assertSentOff(recorder.calls());
    }
  }

  @Test
  void bagsAreSentOff() {
    try (OpenClBackend backend = OpenClBackend.open(OpenClTestDevice.require());
        EmbeddingBag bags = bags(backend);
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, 3 * DIM);
        CallRecorder recorder = new CallRecorder(backend.queue())) {
      float[] weights = {1, 2, 3, 4, 5, 6, 7, 8};
      bags.forward(BagBatch.of(IDS, new int[] {0, 2, 5}).weighted(weights));
      assertSentOff(recorder.calls());
      new Sgd(0.1).step(bags, gradOutput);
      assertSentOff(recorder.calls());
    }
  }

  @Test
  void inputsPassTheKernelsWhereTheProfileSaysSo() {
    try (OpenClBackend backend = OpenClBackend.open(OpenClTestDevice.require());
        EmbeddingBag bags = bags(backend);
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, 3 * DIM);
        CallRecorder recorder = new CallRecorder(backend.queue())) {
      TestOpenClBackends.uploadAside(backend, 0);
      bags.forward(BagBatch.of(IDS, new int[] {0, 2, 5}).weighted(new float[IDS.length]));
      new Sgd(0.1).step(bags, gradOutput);
      assertThat(recorder.calls())
          .contains("clEnqueueCopyBuffer")
          .doesNotContain("clEnqueueWriteBuffer", "clEnqueueReadBuffer", "clFinish");
      TestOpenClBackends.uploadAside(backend, LaunchProfile.NEVER);
      bags.forward(BagBatch.of(IDS, new int[] {0, 2, 5}));
      assertThat(recorder.calls())
          .contains("clEnqueueWriteBuffer")
          .doesNotContain("clEnqueueCopyBuffer");
    }
  }

  private static EmbeddingBag bags(OpenClBackend backend) {
    return EmbeddingBag.builder(backend)
        .numEmbeddings(ROWS)
        .embeddingDim(DIM)
        .mode(BagMode.SUM)
        .seed(1)
        .build();
  }

  private static void assertSentOff(List<String> calls) {
    assertThat(calls)
        .contains("clEnqueueNDRangeKernel")
        .endsWith("clFlush")
        .doesNotContain("clFinish", "clEnqueueReadBuffer");
  }
}
