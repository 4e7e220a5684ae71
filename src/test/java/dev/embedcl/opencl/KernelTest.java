package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Kernels, their arguments and launches. */
class KernelTest extends OpenClFixture {
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
      kernel void optional(global const int *maybe, global int *out, float otherwise) {
        out[0] = maybe ? maybe[0] : (int) otherwise;
      }
      kernel void where(global int *out) {
        size_t i = get_global_id(0) + get_global_size(0)
            * (get_global_id(1) + get_global_size(1) * get_global_id(2));
        out[i] = (int) (get_global_id(0) + 10 * get_global_id(1) + 100 * get_global_id(2));
      }
      """;

  private Kernel kernel(String name) {
    return context.program(SOURCE, "").kernel(name);
  }

  @Test
  void launchUsesTheArgumentsOfTheMoment() {
    Kernel scale = kernel("scale");
    Buffer in = bufferOf(1, 2, 3, 4);
    Buffer out = bufferOf(0, 0, 0, 0);
    scale.setArg(0, in);
    scale.setArg(1, out);
    scale.setArg(2, 10);
    scale.setArg(3, 5L);
    queue.launch(scale, new long[] {4}, null);
    scale.setArg(2, -1);
    assertThat(read(out)).containsExactly(15, 25, 35, 45);
    queue.launch(scale, new long[] {4}, new long[] {2});
    assertThat(read(out)).containsExactly(4, 3, 2, 1);
  }

  @Test
  void unchangedArgumentsStaySet() {
    Kernel scale = kernel("scale");
    Buffer in = bufferOf(1, 2);
    Buffer out = bufferOf(0, 0);
    for (int i = 0; i < 3; i++) {
      scale.setArg(0, in);
      scale.setArg(1, out);
      scale.setArg(2, 3);
      scale.setArg(3, (long) i);
      queue.launch(scale, new long[] {2}, null);
      assertThat(read(out)).containsExactly(3 + i, 6 + i);
    }
  }

  @Test
  void nullArgumentIsANullPointer() {
    Kernel optional = kernel("optional");
    Buffer out = bufferOf(0);
    optional.setNullArg(0);
    optional.setArg(1, out);
    optional.setArg(2, 42.5f);
    queue.launch(optional, new long[] {1}, null);
    assertThat(read(out)).containsExactly(42);
    optional.setArg(0, bufferOf(7));
    queue.launch(optional, new long[] {1}, null);
    assertThat(read(out)).containsExactly(7);
    optional.setNullArg(0);
    queue.launch(optional, new long[] {1}, null);
    assertThat(read(out)).containsExactly(42);
  }

  @Test
  void threeDimensionsAreLaunched() {
    Kernel where = kernel("where");
    Buffer out = context.allocate(2 * 3 * 4 * Integer.BYTES);
    where.setArg(0, out);
    queue.launch(where, new long[] {2, 3, 4}, new long[] {1, 3, 2});
    int[] expected =
        IntStream.range(0, 24).map(i -> i % 2 + 10 * (i / 2 % 3) + 100 * (i / 6)).toArray();
    assertThat(read(out)).isEqualTo(expected);
  }

  @Test
  void eventTellsDuration() {
    Kernel reverse = kernel("reverse");
    Buffer data = bufferOf(1, 2, 3, 4);
    reverse.setArg(0, data);
    reverse.setLocalArg(1, 16);
    Event event = queue.launchTimed(reverse, new long[] {4}, new long[] {4});
    assertThat(event.durationNanos()).isPositive();
    event.close();
    assertThatThrownBy(event::durationNanos)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Event");
    assertThat(read(data)).containsExactly(4, 3, 2, 1);
  }

  @Test
  void observerGetsTheEventOfEachLaunch() {
    Kernel reverse = kernel("reverse");
    Buffer data = bufferOf(1, 2, 3, 4);
    reverse.setArg(0, data);
    reverse.setLocalArg(1, 16);
    List<String> seen = new ArrayList<>();
    queue.observeLaunches((kernel, event) -> {
      seen.add(kernel);
      assertThat(event.endNanos()).isGreaterThan(event.startNanos());
      event.close();
    });
    queue.launch(reverse, new long[] {4}, new long[] {4});
    queue.launch(reverse, new long[] {0}, null);
    queue.observeLaunches(null);
    queue.launch(reverse, new long[] {4}, new long[] {4});
    assertThat(seen).containsExactly("reverse");
    assertThat(read(data)).containsExactly(1, 2, 3, 4);
  }

  @Test
  void timingNeedsAProfilingQueue() {
    try (Queue plain = Queue.open(context, false)) {
      Kernel reverse = kernel("reverse");
      assertThatThrownBy(() -> plain.launchTimed(reverse, new long[] {1}, null))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("profiling = true");
      assertThatThrownBy(() -> plain.observeLaunches((name, event) -> event.close()))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("profiling = true");
    }
  }

  @Test
  void globalSizeOfZeroLaunchesNothing() {
    Kernel scale = kernel("scale"); // no argument is set: a launch would fail
    queue.launch(scale, new long[] {0}, null);
    queue.launch(scale, new long[] {4, 0}, new long[] {1, 1});
    assertThatThrownBy(() -> queue.launch(scale, new long[] {4}, null))
        .isInstanceOf(OpenClException.class);
  }

  @Test
  void impossibleSizesAreRefused() {
    Kernel scale = kernel("scale");
    for (long[] global : new long[][] {{}, {1, 1, 1, 1}, {-1}}) {
      assertThatThrownBy(() -> queue.launch(scale, global, null))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("globalWorkSize");
    }
    for (long[] local : new long[][] {{}, {1, 1}, {0}}) {
      assertThatThrownBy(() -> queue.launch(scale, new long[] {4}, local))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("localWorkSize");
    }
  }

  @Test
  void refusedWorkGroupSaysWhatHelps() {
    Kernel where = kernel("where");
    where.setArg(0, context.allocate(1 << 20));
    long tooMany = context.device().maxWorkGroupSize() * 2;
    assertThatThrownBy(() -> queue.launch(where, new long[] {tooMany}, new long[] {tooMany}))
        .isInstanceOf(OpenClException.class)
        .hasMessageContaining("clEnqueueNDRangeKernel(where)")
        .hasMessageContaining("CL_INVALID_WORK_")
        .hasMessageContaining("local size");
  }

  @Test
  void launchWithAClosedBufferNamesIt() {
    Kernel scale = kernel("scale");
    Buffer in = bufferOf(1);
    Buffer out = bufferOf(0);
    scale.setArg(0, in);
    scale.setArg(1, out);
    scale.setArg(2, 1);
    scale.setArg(3, 0L);
    out.close();
    assertThatThrownBy(() -> queue.launch(scale, new long[] {1}, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("Buffer of 4 bytes")
        .hasMessageContaining("closed");
    in.close(); // would wait for ever, uncounted, had the failed launch kept it
    assertThat(in.isClosed()).isTrue();
  }

  @Test
  void wrongArgumentsAreRefused() {
    Kernel scale = kernel("scale");
    assertThatThrownBy(() -> scale.setArg(4, 1))
        .isInstanceOf(IndexOutOfBoundsException.class)
        .hasMessageContaining("argument 4 of kernel scale, which has 4");
    assertThatThrownBy(() -> scale.setArg(-1, context.allocate(1)))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> scale.setArg(2, 1L))
        .isInstanceOf(OpenClException.class)
        .hasMessageContaining("clSetKernelArg(scale, 2)")
        .hasMessageContaining("CL_INVALID_ARG_SIZE (-51)");
    try (Context other = Context.open(context.device())) {
      Buffer foreign = other.allocate(4);
      assertThatThrownBy(() -> scale.setArg(0, foreign))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another context");
    }
  }

  @Test
  void unknownKernelIsAnError() {
    assertThatThrownBy(() -> kernel("nothing"))
        .isInstanceOf(OpenClException.class)
        .hasMessageContaining("nothing")
        .hasMessageContaining("CL_INVALID_KERNEL_NAME (-46)");
  }

  @Test
  void closedKernelIsRefused() {
    Kernel scale = kernel("scale");
    scale.close();
    scale.close();
    assertThatThrownBy(() -> scale.setArg(2, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Kernel scale is closed");
    assertThatThrownBy(() -> queue.launch(scale, new long[] {1}, null))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("Kernel scale is closed");
  }

  @Test
  void workGroupLimitsAreKnown() {
    Kernel scale = kernel("scale");
    assertThat(scale.workGroupSize(context.device()))
        .isBetween(1L, context.device().maxWorkGroupSize());
    assertThat(scale.preferredWorkGroupMultiple(context.device())).isPositive();
    assertThat(scale.arguments()).isEqualTo(4);
  }
}
