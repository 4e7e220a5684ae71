package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.DeviceMemoryException;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.op.EmbeddingBackwardAtomic;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.EmbeddingUpdate;
import dev.embedcl.op.IndexGroups;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.SgdUpdate;
import dev.embedcl.opencl.Context;
import dev.embedcl.opencl.Device;
import dev.embedcl.opencl.Kernel;
import dev.embedcl.opencl.LiveObjects;
import dev.embedcl.opencl.OpenClTestDevice;
import dev.embedcl.opencl.Queue;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class OpenClBackendTest {
  private static final int ROWS = 5;
  private static final int DIM = 7;

  private Device device;
  private long liveBefore;

  @BeforeEach
  void requireDevice() {
    device = OpenClTestDevice.require();
    liveBefore = LiveObjects.count();
  }

  @AfterEach
  void nothingIsLeft() {
    assertThat(LiveObjects.count()).isEqualTo(liveBefore);
  }

  @Test
  void everyWayOfFloatAtomicsIsReportedAndTheLastOneWorks() {
    try (OpenClBackend backend = OpenClBackend.open(device)) {
      List<FloatAtomicsTrial> trials = backend.tryFloatAtomics();
      assertThat(trials).hasSize(FloatAtomics.values().length);
      assertThat(trials.getLast().outcome()).isEqualTo(FloatAtomicsTrial.Outcome.WORKS);
      for (FloatAtomicsTrial trial : trials) {
        assertThat(trial.detail().isEmpty())
            .isEqualTo(
                trial.outcome() == FloatAtomicsTrial.Outcome.WORKS
                    || trial.outcome() == FloatAtomicsTrial.Outcome.NOT_OFFERED);
      }
    }
  }

  @Test
  void hundredThousandLaunchesFromEightThreadsGiveNoWrongResult() throws Exception {
    final int threads = 8;
    final int roundsEach = 4_200; // of three launches each
    try (OpenClBackend backend = OpenClBackend.open(device);
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Callable<Integer>> workers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int id = thread % ROWS;
        workers.add(() -> lookUpAndStep(backend, id, roundsEach));
      }
      int wrong = 0;
      for (Future<Integer> result : pool.invokeAll(workers)) {
        wrong += result.get();
      }
      assertThat(wrong).isZero();
    }
  }

  /** Moves one row down by a sum over 70 gradients of 1 each round, and looks it up in between. */
  private static int lookUpAndStep(OpenClBackend backend, int id, int rounds) {
    final int count = 70; // more than one block, so that steps leave block sums behind
    int[] ids = new int[count];
    Arrays.fill(ids, id);
    int wrong = 0;
    try (DeviceBuffer weight = backend.allocate(DType.FLOAT32, ROWS * DIM);
        DeviceBuffer indices = backend.allocate(DType.INT32, count);
        DeviceBuffer ones = backend.allocate(DType.FLOAT32, (long) count * DIM);
        DeviceBuffer out = backend.allocate(DType.FLOAT32, (long) count * DIM)) {
      indices.write(MemorySegment.ofArray(ids));
      float[] one = new float[count * DIM];
      Arrays.fill(one, 1);
      ones.write(MemorySegment.ofArray(one));
      Matrix weights = new Matrix(weight, ROWS, DIM);
      EmbeddingForward forward =
          new EmbeddingForward(weights, indices, null, new Matrix(out, count, DIM), 1, count);
      EmbeddingUpdate step =
          new EmbeddingUpdate(
              new Matrix(ones, count, DIM),
              IndexGroups.of(ids, ROWS),
              SgdUpdate.plain(weights, 1f));
      float[] seen = new float[count * DIM];
      for (int round = 1; round <= rounds; round++) {
        backend.execute(step);
        backend.execute(forward);
        if (round % 100 == 0) {
          out.read(MemorySegment.ofArray(seen));
          for (float value : seen) {
            wrong += value == -(float) count * round ? 0 : 1;
          }
        }
      }
    }
    return wrong;
  }

  @Test
  void bufferClosedWhileOthersUseItIsRefusedByName() throws Exception {
    try (OpenClBackend backend = OpenClBackend.open(device);
        ExecutorService pool = Executors.newFixedThreadPool(2)) {
      for (int attempt = 0; attempt < 50; attempt++) {
        DeviceBuffer weight = backend.allocate(DType.FLOAT32, ROWS * DIM);
        DeviceBuffer indices = backend.allocate(DType.INT32, 3);
        DeviceBuffer out = backend.allocate(DType.FLOAT32, 3 * DIM);
        EmbeddingForward forward =
            new EmbeddingForward(
                new Matrix(weight, ROWS, DIM), indices, null, new Matrix(out, 3, DIM), 1, 3);
        AtomicInteger executed = new AtomicInteger();
        Future<String> user =
            pool.submit(() -> {
              try {
                while (true) {
                  backend.execute(forward);
                  executed.incrementAndGet();
                }
              } catch (IllegalStateException e) {
                return e.getMessage();
              }
            });
        while (executed.get() < 3) {
          Thread.onSpinWait();
        }
        weight.close();
        assertThat(user.get()).contains("uffer").contains("closed");
        indices.close();
        out.close();
      }
    }
  }

  @Test
  void tableLargerThanTheDeviceNamesNeededAndAvailableBytes() {
    try (OpenClBackend backend = OpenClBackend.open(device)) {
      long elements = device.maxAllocationBytes() / Float.BYTES + 1;
      assertThatThrownBy(() -> backend.allocate(DType.FLOAT32, elements))
          .isInstanceOfSatisfying(
              DeviceMemoryException.class,
              e -> {
                assertThat(e.neededBytes()).isEqualTo(elements * Float.BYTES);
                assertThat(e.availableBytes()).isPositive().isLessThan(e.neededBytes());
                assertThat(e)
                    .hasMessageContaining(Long.toString(e.neededBytes()))
                    .hasMessageContaining(Long.toString(e.availableBytes()))
                    .hasMessageContaining("cpu");
              });
    }
  }

  @Test
  void workInFlightIsDoneWhenTheBackendCloses() {
    for (int attempt = 0; attempt < 20; attempt++) {
      OpenClBackend backend = OpenClBackend.open(device);
      DeviceBuffer weight = backend.allocate(DType.FLOAT32, ROWS * DIM);
      DeviceBuffer indices = backend.allocate(DType.INT32, 1000);
      DeviceBuffer out = backend.allocate(DType.FLOAT32, 1000 * DIM);
      backend.execute(
          new EmbeddingForward(
              new Matrix(weight, ROWS, DIM), indices, null, new Matrix(out, 1000, DIM), 1, 1000));
      backend.close();
      backend.close();
      out.close();
      assertThatThrownBy(() -> out.read(MemorySegment.ofArray(new float[1])))
          .isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(backend::synchronize).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> backend.allocate(DType.INT8, 1))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void callersContextAndQueueServeAsBackendAndTheirKernelsSeeItsBuffers() {
    String doubling = "kernel void doubling(global float *x) { x[get_global_id(0)] *= 2.0f; }";
    try (Context theirs = Context.open(device)) {
      Queue theirQueue = Queue.open(theirs, false);
      Context wrapped = Context.wrap(theirs.clContext(), device.clDeviceId());
      Queue wrappedQueue = Queue.wrap(wrapped, theirQueue.clCommandQueue());
      float[] values = {1, 2, 3};
      try (OpenClBackend backend = OpenClBackend.wrap(wrapped, wrappedQueue);
          DeviceBuffer table = backend.allocate(DType.FLOAT32, 3)) {
        table.write(MemorySegment.ofArray(values));
        Kernel kernel = wrapped.program(doubling, "").kernel("doubling");
        kernel.setArg(0, ((OpenClBuffer) table).buffer());
        backend.queue().launch(kernel, new long[] {3}, null);
        table.read(MemorySegment.ofArray(values));
      }
      assertThat(values).containsExactly(2, 4, 6);
      theirQueue.finish(); // still theirs, and still open
    }
  }

  @Test
  void queueOfAnotherContextIsRefused() {
    try (Context one = Context.open(device);
        Context other = Context.open(device)) {
      Queue queue = Queue.open(other, false);
      assertThatThrownBy(() -> OpenClBackend.wrap(one, queue))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another context");
    }
  }

  @Test
  void moreBadIdsThanReportsStillNameTheFirst() {
    final int count = 5000;
    try (OpenClBackend backend = OpenClBackend.open(device);
        DeviceBuffer weight = backend.allocate(DType.FLOAT32, ROWS * DIM);
        DeviceBuffer indices = backend.allocate(DType.INT32, count);
        DeviceBuffer gradients = backend.allocate(DType.FLOAT32, (long) count * DIM)) {
      int[] ids = new int[count];
      for (int n = 11; n < count; n++) {
        ids[n] = n % 2 == 0 ? n : -n;
      }
      indices.write(MemorySegment.ofArray(ids));
      backend.execute(
          new EmbeddingBackwardAtomic(
              new Matrix(gradients, count, DIM),
              indices,
              new Matrix(weight, ROWS, DIM),
              IndexGroups.NO_PADDING,
              null,
              1,
              count));
      assertThatThrownBy(backend::synchronize)
          .isInstanceOf(IndexOutOfBoundsException.class)
          .hasMessageContaining("indices[11]")
          .hasMessageContaining("out of range");
      backend.synchronize();
    }
  }
}
