package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.opencl.Buffer;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Kernel;
import dev.embedcl.opencl.OpenClTestDevice;
import dev.embedcl.opencl.Queue;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Runs only under a checker of kernels, whose log has to tell of the fault: see ci/oclgrind. */
@Tag("oclgrind-fault")
class PlantedFaultTest {

  @Test
  void kernelThatWritesBehindItsBufferRuns() throws Exception {
    try (InputStream source = PlantedFaultTest.class.getResourceAsStream("planted_fault.cl");
        Context context = Context.open(OpenClTestDevice.require())) {
      assertThat(source).isNotNull();
      Queue queue = Queue.open(context, false);
      Buffer buffer = context.allocate(4 * Float.BYTES);
      Kernel kernel =
          context
              .program(new String(source.readAllBytes(), StandardCharsets.UTF_8), "")
              .kernel("planted_fault");
      kernel.setArg(0, buffer);
      kernel.setArg(1, 4);
      queue.launch(kernel, new long[] {1}, null);
      queue.finish();
    }
  }
}
