package dev.embedcl.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Writes that are uploaded past the kernels: they change buffers in the kernels' order still. */
class UploadQueueTest extends OpenClFixture {
  private static final long SLOT = StagingRing.SLOT_BYTES;

  /** Longer than any upload takes, and shorter than a test that hangs. */
  private static final Duration SOON = Duration.ofSeconds(60);

  @ParameterizedTest
  @ValueSource(longs = {0, 1, 63, 4097, SLOT - 1, SLOT, SLOT + 1, 3 * SLOT + 5, 11 * SLOT + 3})
  void bytesComeBack(long bytes) {
    queue.uploadAside(0);
    byte[] values = new byte[(int) bytes];
    new Random(bytes).nextBytes(values);
    try (Buffer buffer = context.allocate(bytes + 3)) {
      queue.fill(buffer, 0, bytes + 3, (byte) 7);
      queue.write(buffer, 1, MemorySegment.ofArray(values));
      byte[] expected = new byte[(int) bytes + 3];
      Arrays.fill(expected, (byte) 7);
      System.arraycopy(values, 0, expected, 1, (int) bytes);
      assertThat(bytes(buffer)).isEqualTo(expected);
    }
  }

  @Test
  void uploadIsDoneBeforeTheCommandsInFrontOfIt() {
    StagingRing ring = new StagingRing(queue);
    ring.uploadAside(0);
    Buffer buffer = bufferOf(1, 2);
    Buffer before = bufferOf(0, 0);
    Buffer after = bufferOf(0, 0);
    cl_event gate = holdUp(queue);
    try (CallRecorder recorder = new CallRecorder(queue)) {
      queue.copy(buffer, 0, before, 0, 8);
      ring.write(buffer.handle(), 0, MemorySegment.ofArray(new int[] {3, 4}));
      queue.copy(buffer, 0, after, 0, 8);
      assertThat(recorder.calls()).hasSize(3).containsOnly("clEnqueueCopyBuffer");
      Assertions.assertTimeoutPreemptively(SOON, ring.uploads().queue()::finish);
    } finally {
      open(gate);
    }
    assertThat(read(before)).containsExactly(1, 2);
    assertThat(read(after)).containsExactly(3, 4);
    ring.close();
  }

  @Test
  void copyWaitsForItsUpload() throws InterruptedException {
    StagingRing ring = new StagingRing(queue);
    ring.uploadAside(0);
    Buffer buffer = bufferOf(1, 2);
    Buffer after = bufferOf(0, 0);
    cl_event gate = holdUp(ring.uploads().queue());
    try {
      ring.write(buffer.handle(), 0, MemorySegment.ofArray(new int[] {3, 4}));
      queue.copy(buffer, 0, after, 0, 8);
      queue.flush();
      Thread.sleep(100); // it would be done by now
    } finally {
      open(gate);
    }
    assertThat(read(after)).containsExactly(3, 4);
    ring.close();
  }

  @Test
  void onlyWritesOfTheAskedSizePassBy() {
    queue.uploadAside(12);
    Buffer buffer = bufferOf(1, 2, 3); // the second queue is there
    try (CallRecorder recorder = new CallRecorder(queue)) {
      queue.write(buffer, 0, MemorySegment.ofArray(new int[] {4, 5}));
      assertThat(recorder.calls()).containsExactly("clEnqueueWriteBuffer");
      queue.write(buffer, 0, MemorySegment.ofArray(new int[] {6, 7, 8}));
      assertThat(recorder.calls()).containsExactly("clEnqueueCopyBuffer");
      queue.uploadAside(Long.MAX_VALUE);
      queue.write(buffer, 4, MemorySegment.ofArray(new int[] {9, 10}));
      assertThat(recorder.calls()).containsExactly("clEnqueueWriteBuffer");
    }
    assertThat(read(buffer)).containsExactly(6, 9, 10);
  }

  @Test
  void stagingMemoryIsNotReusedTooEarly() throws InterruptedException {
    queue.uploadAside(0);
    int[] value = new int[50_000]; // a slot is full after five
    int writes = 60;
    Buffer buffer = context.allocate((long) writes * value.length * Integer.BYTES);
    cl_event gate = holdUp(queue);
    Thread writer =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < writes; i++) {
                Arrays.fill(value, i);
                long offset = (long) i * value.length * Integer.BYTES;
                queue.write(buffer, offset, MemorySegment.ofArray(value));
              }
            });
    writer.join(200); // it gets as far as the staging memory reaches
    assertThat(writer.isAlive()).isTrue();
    open(gate);
    writer.join();
    int[] expected = new int[writes * value.length];
    Arrays.setAll(expected, i -> i / value.length);
    assertThat(read(buffer)).isEqualTo(expected);
  }

  @Test
  void writesOfManyThreadsArriveEachInItsTurn() throws Exception {
    queue.uploadAside(0);
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int worker = 0; worker < 4; worker++) {
        int first = worker * 1_000_000;
        workers.add(
            threads.submit(() -> {
              int[] values = new int[3_000];
              Buffer buffer = context.allocate(values.length * 4L);
              Buffer copies = context.allocate(500 * 4L);
              for (int i = 0; i < 500; i++) {
                Arrays.fill(values, first + i);
                queue.write(buffer, 0, MemorySegment.ofArray(values));
                queue.copy(buffer, i * 4L, copies, i * 4L, 4);
              }
              int[] expected = new int[500];
              Arrays.setAll(expected, i -> first + i);
              assertThat(read(copies)).isEqualTo(expected);
            }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
  }

  @Test
  void withoutDeviceMemoryForItWritesTakeTheirTurnInOneQueue() {
    Buffer buffer = context.allocate(8);
    while (context.availableBytes() >= SLOT) {
      long some = Math.min(context.availableBytes() - SLOT / 2, maxAllocationBytes());
      context.allocate(some); // never touched: it takes no memory of the machine
    }
    long live = LiveObjects.count();
    queue.uploadAside(0);
    queue.write(buffer, 0, MemorySegment.ofArray(new int[] {5, 6}));
    assertThat(read(buffer)).containsExactly(5, 6);
    assertThat(LiveObjects.count()).isEqualTo(live);
  }

  @Test
  void writeAfterOneThatFailedHalfwayIsWhole() {
    queue.uploadAside(0);
    int[] values = new int[(int) SLOT / 40];
    Buffer buffer = context.allocate(values.length * 4L);
    try (CallRecorder recorder = new CallRecorder(queue)) {
      for (int i = 0; i < 50; i++) { // more than the ring holds
        Arrays.fill(values, i);
        queue.write(buffer, 0, MemorySegment.ofArray(values));
        recorder.failNext("clEnqueueCopyBuffer");
        assertThatThrownBy(() -> queue.write(buffer, 0, MemorySegment.ofArray(new int[7])))
            .isInstanceOf(OpenClException.class)
            .hasMessageContaining("clEnqueueCopyBuffer");
        assertThat(read(buffer)).isEqualTo(values);
      }
    }
  }

  @Test
  void queueClosedWhileUploadsAreHeldUpLeavesNothing() throws InterruptedException {
    long live = LiveObjects.count() - 1;
    queue.uploadAside(0);
    try (Buffer buffer = context.allocate(2 * SLOT)) {
      cl_event gate = holdUp(queue);
      queue.write(buffer, 0, MemorySegment.ofArray(new byte[(int) (2 * SLOT)]));
      Thread closer = Thread.ofPlatform().start(queue::close);
      closer.join(50);
      open(gate);
      closer.join();
    }
    assertThat(LiveObjects.count()).isEqualTo(live);
  }

  @Test
  void contextClosedUnderWritersLeavesNothing() throws Exception {
    queue.uploadAside(0);
    Buffer buffer = context.allocate(3 * SLOT);
    CountDownLatch started = new CountDownLatch(3);
    try (ExecutorService threads = Executors.newFixedThreadPool(3)) {
      List<Future<?>> workers = new ArrayList<>();
      for (int worker = 0; worker < 3; worker++) {
        workers.add(
            threads.submit(() -> {
              MemorySegment memory = MemorySegment.ofArray(new byte[(int) (SLOT + 5)]);
              started.countDown();
              assertThatThrownBy(
                      () -> {
                        while (true) {
                          queue.write(buffer, 0, memory);
                        }
                      })
                  .isInstanceOf(IllegalStateException.class)
                  .hasMessageEndingWith("is closed");
            }));
      }
      started.await();
      Thread.sleep(50); // some are writing
      context.close();
      for (Future<?> worker : workers) {
        worker.get();
      }
    }
  }

  @Test
  @SuppressWarnings("deprecation") // works with every OpenCL version
  void wrappedQueueGetsASecondOneOfItsContext() {
    cl_device_id device = context.device().clDeviceId();
    cl_context owned =
        CL.clCreateContext(null, 1, new cl_device_id[] {device}, null, null, new int[1]);
    cl_command_queue ownedQueue = CL.clCreateCommandQueue(owned, device, 0, new int[1]);
    try (Context wrapped = Context.wrap(owned, device)) {
      Queue wrappedQueue = Queue.wrap(wrapped, ownedQueue);
      wrappedQueue.uploadAside(0);
      Buffer buffer = wrapped.allocate(8);
      wrappedQueue.write(buffer, 0, MemorySegment.ofArray(new int[] {7, 8}));
      int[] values = new int[2];
      wrappedQueue.read(buffer, 0, MemorySegment.ofArray(values));
      assertThat(values).containsExactly(7, 8);
    }
    assertThat(CL.clFinish(ownedQueue)).isZero();
    assertThat(CL.clReleaseCommandQueue(ownedQueue)).isZero();
    assertThat(CL.clReleaseContext(owned)).isZero();
  }

  private long maxAllocationBytes() {
    return context.device().maxAllocationBytes();
  }

  private byte[] bytes(Buffer buffer) {
    byte[] values = new byte[(int) buffer.bytes()];
    queue.read(buffer, 0, MemorySegment.ofArray(values));
    return values;
  }

  /** Holds up the commands of a queue from now on, until {@link #open}. */
  private cl_event holdUp(Queue held) {
    cl_event gate = CL.clCreateUserEvent(context.clContext(), new int[1]);
    CL.clEnqueueBarrierWithWaitList(held.clCommandQueue(), 1, new cl_event[] {gate}, null);
    return gate;
  }

  private static void open(cl_event gate) {
    CL.clSetUserEventStatus(gate, CL.CL_COMPLETE);
    CL.clReleaseEvent(gate);
  }
}
