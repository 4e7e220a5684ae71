package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Programs, kernels, arguments and launches. */
class KernelTest {
  private static final String SOURCE =
      """
      kernel void scale(global const int *in, global int *out, int factor, long offset) {
        size_t i = get_global_id(0);
        out[i] = in[i] * factor + (int) offset;
      }
      kernel void reverse(global int *data, local int *scratch) {
        size_t i = get_local_id(0);
        scratch[i] = data[i];
        barrier(CLK_LOCAL_MEM_FENCE);
        data[i] = scratch[get_local_size(0) - 1 - i];
      }
      kernel void is_null(global const float *maybe, global int *out, float value) {
        out[0] = maybe == 0 ? (int) value : -1;
      }
      """;

  private long liveBefore;
  private Context context;
  private Queue queue;

  @BeforeEach
  void open() {
    Device device = OpenClTestDevice.require();
    liveBefore = LiveObjects.count();
    context = Context.open(device);
    queue = Queue.open(context, true);
  }

  @AfterEach
  void closeAndCount() {
    if (context != null) {
      context.close();
      assertThat(LiveObjects.count()).isEqualTo(liveBefore);
    }
  }

  @Test
  void launchComputesWithEveryKindOfArgument() {
    Kernel kernel = context.program(SOURCE, "").kernel("scale");
    Buffer in = context.allocate(16);
    Buffer out = context.allocate(16);
    queue.write(in, 0, MemorySegment.ofArray(new int[] {1, 2, 3, 4}));
    kernel.setArg(0, in);
    kernel.setArg(1, out);
    kernel.setArg(2, 10);
    kernel.setArg(3, 5L);
    queue.launch(kernel, new long[] {4}, null);
    assertThat(read(out, 4)).containsExactly(15, 25, 35, 45);
    kernel.setArg(2, -1);
    queue.launch(kernel, new long[] {4}, new long[] {2});
    assertThat(read(out, 4)).containsExactly(4, 3, 2, 1);
  }

  @Test
  void eventTellsDuration() {
    Kernel kernel = context.program(SOURCE, "").kernel("reverse");
    Buffer data = context.allocate(32);
    queue.write(data, 0, MemorySegment.ofArray(IntStream.range(0, 8).toArray()));
    kernel.setArg(0, data);
    kernel.setLocalArg(1, 32);
    try (Event event = queue.launchTimed(kernel, new long[] {8}, new long[] {8})) {
      assertThat(event.durationNanos()).isPositive();
    }
    assertThat(read(data, 8)).containsExactly(7, 6, 5, 4, 3, 2, 1, 0);
  }

  private int[] read(Buffer buffer, int count) {
    int[] values = new int[count];
    queue.read(buffer, 0, MemorySegment.ofArray(values));
    return values;
  }
}
