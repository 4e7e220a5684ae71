package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.junit.jupiter.api.Test;

/** Who releases what, when, and what is refused afterwards. */
class LifetimeTest extends OpenClFixture {
  private static final String ADD =
      "kernel void add(global int *out, int value) { out[get_global_id(0)] += value; }";

  @Test
  void everythingIsCountedAndReleasedOnce() {
    long live = LiveObjects.count();
    Buffer buffer = context.allocate(16);
    Program program = context.program(ADD, "");
    Kernel kernel = program.kernel("add");
    assertThat(LiveObjects.count()).isEqualTo(live + 3);
    for (NativeObject object : new NativeObject[] {kernel, program, buffer}) {
      object.close();
      object.close();
    }
    assertThat(LiveObjects.count()).isEqualTo(live);
  }

  @Test
  void useAfterCloseNamesTheObject() {
    Buffer buffer = context.allocate(16);
    MemorySegment four = MemorySegment.ofArray(new int[1]);
    buffer.close();
    assertThatThrownBy(() -> queue.write(buffer, 0, four))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("Buffer of 16 bytes")
        .hasMessageEndingWith("is closed");
    assertThatThrownBy(() -> queue.read(buffer, 0, four)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> queue.map(buffer, true)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> queue.fill(buffer, 0, 1, (byte) 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(buffer::clMem).isInstanceOf(IllegalStateException.class);
    queue.close();
    assertThatThrownBy(queue::finish)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("Queue of Device");
    assertThatThrownBy(queue::flush).isInstanceOf(IllegalStateException.class);
    context.close();
    assertThatThrownBy(() -> context.allocate(1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageStartingWith("Context of Device");
    assertThatThrownBy(() -> context.program(ADD, "")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Queue.open(context, false)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void contextClosesWhatItMade() {
    Buffer buffer = context.allocate(16);
    Program program = context.program(ADD, "");
    try (KernelLease lease = program.kernels("add").lease()) {
      context.close();
      assertThat(buffer.isClosed()).isTrue();
      assertThat(program.isClosed()).isTrue();
      assertThat(queue.isClosed()).isTrue();
      assertThat(lease.kernel().isClosed()).isTrue();
    }
  }

  @Test
  void workEnqueuedBeforeCloseFinishes() {
    Buffer buffer = context.allocate(1 << 20);
    Buffer copy = context.allocate(1 << 20);
    queue.fill(buffer, 0, 1 << 20, (byte) 3);
    queue.copy(buffer, 0, copy, 0, 1 << 20);
    buffer.close();
    byte[] bytes = new byte[1 << 20];
    queue.read(copy, 0, MemorySegment.ofArray(bytes));
    assertThat(bytes).containsOnly(3);
  }

  @Test
  void closingWhileOthersTransferIsSafe() throws Exception {
    int rounds = 40;
    AtomicInteger refused = new AtomicInteger();
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      for (int round = 0; round < rounds; round++) {
        Buffer buffer = context.allocate(3 << 20);
        CountDownLatch started = new CountDownLatch(2);
        List<Future<?>> workers = new ArrayList<>();
        for (int worker = 0; worker < 2; worker++) {
          workers.add(
              threads.submit(() -> {
                MemorySegment memory = MemorySegment.ofArray(new byte[3 << 20]);
                started.countDown();
                try {
                  while (true) {
                    queue.write(buffer, 0, memory);
                    queue.read(buffer, 0, memory);
                  }
                } catch (IllegalStateException e) {
                  assertThat(e).hasMessageContaining("Buffer of");
                  refused.incrementAndGet();
                }
              }));
        }
        started.await();
        buffer.close();
        for (Future<?> worker : workers) {
          worker.get();
        }
      }
    }
    assertThat(refused.get()).isEqualTo(2 * rounds);
  }

  @Test
  void contextClosedUnderEightLaunchingThreadsLeavesNothing() throws Exception {
    Program program = context.program(ADD, "");
    Buffer buffer = bufferOf(0, 0, 0, 0);
    CountDownLatch started = new CountDownLatch(8);
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int worker = 0; worker < 8; worker++) {
        workers.add(
            threads.submit(() -> {
              started.countDown();
              try {
                KernelPool pool = program.kernels("add");
                while (true) {
                  try (KernelLease lease = pool.lease()) {
                    lease.kernel().setArg(0, buffer);
                    lease.kernel().setArg(1, 1);
                    queue.launch(lease.kernel(), new long[] {4}, null);
                  }
                }
              } catch (IllegalStateException e) {
                assertThat(e).hasMessageEndingWith("is closed");
              }
            }));
      }
      started.await();
      Thread.sleep(50); // some are launching, some are making kernels
      context.close();
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
  }

  @Test
  void launchesFromEightThreadsAllArrive() throws Exception {
    int launches = 2_000;
    Program program = context.program(ADD, "");
    List<Buffer> buffers = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int worker = 0; worker < 8; worker++) {
        Buffer buffer = bufferOf(new int[64]);
        buffers.add(buffer);
        int value = worker + 1;
        workers.add(
            threads.submit(() -> {
              KernelPool pool = program.kernels("add");
              for (int i = 0; i < launches; i++) {
                try (KernelLease lease = pool.lease()) {
                  lease.kernel().setArg(0, buffer);
                  lease.kernel().setArg(1, value);
                  queue.launch(lease.kernel(), new long[] {64}, null);
                }
              }
            }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
    for (int worker = 0; worker < 8; worker++) {
      assertThat(read(buffers.get(worker))).containsOnly(launches * (worker + 1));
    }
  }

  @Test
  void failedStepDoesNotStopARelease() {
    List<String> done = new ArrayList<>();
    Failures failures = new Failures();
    failures.run(() -> done.add("first"));
    failures.run(() -> {
      throw new OpenClException("clOne", -5);
    });
    failures.run(() -> {
      throw new OpenClException("clTwo", -6);
    });
    failures.run(() -> done.add("last"));
    assertThat(done).containsExactly("first", "last");
    assertThatThrownBy(failures::rethrow)
        .hasMessageContaining("clOne")
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
  }

  @Test
  void wrappedHandlesStayWithTheirOwner() {
    cl_device_id device = context.device().clDeviceId();
    cl_context owned =
        CL.clCreateContext(null, 1, new cl_device_id[] {device}, null, null, new int[1]);
    cl_command_queue ownedQueue = outOfOrder(owned, device, 0);
    cl_command_queue outOfOrder = outOfOrder(owned, device, 1);
    Context wrapped = Context.wrap(owned, device);
    assertThat(wrapped.device()).isEqualTo(context.device());
    Queue wrappedQueue = Queue.wrap(wrapped, ownedQueue);
    Buffer buffer = wrapped.allocate(8);
    wrappedQueue.fill(buffer, 0, 8, (byte) 1);
    assertThatThrownBy(() -> Queue.wrap(wrapped, outOfOrder))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("out-of-order");
    assertThatThrownBy(() -> Queue.wrap(context, ownedQueue))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("does not belong");
    wrapped.close();
    int[] references = new int[1];
    CL.clGetContextInfo(owned, CL.CL_CONTEXT_NUM_DEVICES, 4, org.jocl.Pointer.to(references), null);
    assertThat(references).containsExactly(1);
    assertThat(CL.clFinish(ownedQueue)).isZero();
    assertThat(CL.clReleaseCommandQueue(ownedQueue)).isZero();
    assertThat(CL.clReleaseCommandQueue(outOfOrder)).isZero();
    assertThat(CL.clReleaseContext(owned)).isZero();
  }

  @SuppressWarnings("deprecation") // works with every OpenCL version
  private static cl_command_queue outOfOrder(cl_context context, cl_device_id device, long flags) {
    return CL.clCreateCommandQueue(context, device, flags, new int[1]);
  }

  @Test
  void exceptionsOfJoclBecomeOurs() {
    CL.setExceptionsEnabled(true); // as another library in the process might
    try {
      assertThatThrownBy(() -> context.program("kernel void f( {", ""))
          .isInstanceOf(ProgramBuildException.class);
      assertThatThrownBy(() -> context.program(ADD, "").kernel("nothing"))
          .isInstanceOf(OpenClException.class)
          .hasMessageContaining("-46");
      assertThat(read(bufferOf(1, 2))).containsExactly(1, 2);
    } finally {
      CL.setExceptionsEnabled(false);
    }
  }
}
