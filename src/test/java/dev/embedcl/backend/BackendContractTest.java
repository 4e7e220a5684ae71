package dev.embedcl.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/**
 * What {@link Backend} promises of the life of backends and buffers, and of threads that share
 * them, on every backend.
 */
final class BackendContractTest {
  private static final int THREADS = 8;

  /** How long users of something closed may go on without being told. */
  private static final long PATIENCE_NANOS = 240_000_000_000L;

  @EveryBackend
  void closedBufferIsNamed(TestBackend device) {
    Backend backend = device.shared();
    try (DeviceBuffer weight = backend.allocate(DType.FLOAT32, 4);
        DeviceBuffer indices = backend.allocate(DType.INT32, 2)) {
      DeviceBuffer out = backend.allocate(DType.FLOAT32, 4);
      EmbeddingForward forward =
          new EmbeddingForward(
              new Matrix(weight, 2, 2), indices, null, new Matrix(out, 2, 2), 1, 2);
      backend.execute(forward);
      out.close();
      out.close();
      closed(() -> backend.execute(forward), out);
      closed(() -> out.read(MemorySegment.ofArray(new float[4])), out);
      closed(() -> out.write(MemorySegment.ofArray(new float[4])), out);
      closed(() -> out.map(MapMode.READ), out);
      EmbeddingForward ofNothing =
          new EmbeddingForward(
              new Matrix(weight, 2, 2), indices, null, new Matrix(out, 2, 2), 0, 2);
      closed(() -> backend.execute(ofNothing), out);
    }
  }

  @EveryBackend
  void bufferOfAnotherBackendIsRefused(TestBackend device) {
    try (Backend other = device.open();
        DeviceBuffer foreign = other.allocate(DType.FLOAT32, 4);
        DeviceBuffer own = device.shared().allocate(DType.FLOAT32, 4)) {
      Matrix foreignMatrix = new Matrix(foreign, 2, 2);
      Matrix ownMatrix = new Matrix(own, 2, 2);
      for (DenseUpdate step :
          List.of(
              new DenseUpdate(foreignMatrix, SgdUpdate.plain(ownMatrix, 1f)),
              new DenseUpdate(ownMatrix, SgdUpdate.plain(foreignMatrix, 1f)))) {
        assertThatIllegalArgumentException()
            .isThrownBy(() -> device.shared().execute(step))
            .withMessageContaining(foreign.toString())
            .withMessageContaining("another backend");
      }
    }
  }

  @EveryBackend
  void closedBackendRefusesEverythingAndClosesItsBuffers(TestBackend device) {
    Backend backend = device.open();
    DeviceBuffer a = backend.allocate(DType.FLOAT32, 4);
    DeviceBuffer b = backend.allocate(DType.FLOAT32, 4);
    DenseUpdate step =
        new DenseUpdate(new Matrix(a, 2, 2), SgdUpdate.plain(new Matrix(b, 2, 2), 1f));
    backend.execute(step);
    backend.close();
    backend.close();
    a.close();
    assertThatIllegalStateException().isThrownBy(() -> backend.execute(step));
    assertThatIllegalStateException().isThrownBy(() -> backend.allocate(DType.INT8, 1));
    assertThatIllegalStateException().isThrownBy(backend::synchronize);
    assertThatIllegalStateException().isThrownBy(() -> b.read(MemorySegment.ofArray(new float[1])));
    assertThat(backend.device().selector()).isNotEmpty();
  }

  @EveryBackend
  void deviceSaysWhatItIs(TestBackend device) {
    DeviceInfo info = device.shared().device();
    assertThat(info.selector()).isNotBlank();
    assertThat(info.name()).isNotBlank();
    assertThat(info.computeUnits()).isPositive();
    assertThat(info.memoryBytes()).isPositive();
    assertThat(info.maxAllocationBytes()).isPositive().isLessThanOrEqualTo(info.memoryBytes());
  }

  @EveryBackend
  void threadsMayShareABackend(TestBackend device) throws Exception {
    int rows = 50;
    int dim = 260;
    Backend backend = device.shared();
    try (TestMemory memory = new TestMemory(backend);
        ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
      float[] table = new float[rows * dim];
      for (int i = 0; i < table.length; i++) {
        int row = i / dim;
        table[i] = row;
      }
      Matrix weight = memory.matrix(dim, table);
      List<Future<?>> results = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        int id = thread;
        results.add(pool.submit(() -> gatherAgainAndAgain(backend, weight, id)));
      }
      for (Future<?> result : results) {
        result.get();
      }
      backend.synchronize();
    }
  }

  private static void gatherAgainAndAgain(Backend backend, Matrix weight, int id) {
    int dim = weight.columns();
    for (int i = 0; i < 50; i++) {
      int count = 1 + i * 7;
      try (DeviceBuffer indices = backend.allocate(DType.INT32, count);
          DeviceBuffer out = backend.allocate(DType.FLOAT32, (long) count * dim)) {
        int[] ids = new int[count];
        Arrays.fill(ids, id + i % 40);
        indices.write(MemorySegment.ofArray(ids));
        backend.execute(
            new EmbeddingForward(weight, indices, null, new Matrix(out, count, dim), count, 1));
        float[] values = new float[count * dim];
        out.read(MemorySegment.ofArray(values));
        float[] expected = new float[count * dim];
        Arrays.fill(expected, id + i % 40);
        assertThat(values).isEqualTo(expected);
      }
    }
  }

  @EveryBackend
  void closingABufferWhileOthersUseItIsSafe(TestBackend device) throws Exception {
    Backend backend = device.shared();
    long giveUpNanos = System.nanoTime() + PATIENCE_NANOS;
    try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
      for (int round = 0; round < 10; round++) {
        DeviceBuffer gradient = backend.allocate(DType.FLOAT32, 100_000);
        DeviceBuffer weight = backend.allocate(DType.FLOAT32, 100_000);
        DenseUpdate step =
            new DenseUpdate(
                new Matrix(gradient, 100, 1000),
                SgdUpdate.plain(new Matrix(weight, 100, 1000), 1f));
        List<Future<?>> users = new ArrayList<>();
        for (int thread = 0; thread < THREADS; thread++) {
          users.add(
              pool.submit(() -> {
                float[] target = new float[1000];
                while (System.nanoTime() - giveUpNanos < 0) {
                  backend.execute(step);
                  weight.read(MemorySegment.ofArray(target));
                }
              }));
        }
        Thread.sleep(2);
        gradient.close();
        weight.close();
        for (Future<?> user : users) {
          assertThatExceptionOfType(ExecutionException.class)
              .isThrownBy(user::get)
              .withCauseInstanceOf(IllegalStateException.class);
        }
      }
      assertThatCode(backend::synchronize).doesNotThrowAnyException();
    }
  }

  @EveryBackend
  void closingABackendWhileOthersUseItIsSafe(TestBackend device) throws Exception {
    long giveUpNanos = System.nanoTime() + PATIENCE_NANOS;
    try (ExecutorService pool = Executors.newFixedThreadPool(THREADS)) {
      Backend backend = device.open();
      List<Future<?>> users = new ArrayList<>();
      for (int thread = 0; thread < THREADS; thread++) {
        users.add(
            pool.submit(() -> {
              while (System.nanoTime() - giveUpNanos < 0) {
                try (DeviceBuffer a = backend.allocate(DType.FLOAT32, 70_000);
                    DeviceBuffer b = backend.allocate(DType.FLOAT32, 70_000)) {
                  backend.execute(
                      new DenseUpdate(
                          new Matrix(a, 70, 1000), SgdUpdate.plain(new Matrix(b, 70, 1000), 1f)));
                  backend.synchronize();
                }
              }
            }));
      }
      Thread.sleep(20);
      backend.close();
      for (Future<?> user : users) {
        assertThatExceptionOfType(ExecutionException.class)
            .isThrownBy(user::get)
            .withCauseInstanceOf(IllegalStateException.class);
      }
    }
  }

  private static void closed(ThrowingCallable code, DeviceBuffer buffer) {
    assertThatIllegalStateException()
        .isThrownBy(code)
        .withMessageContaining(buffer.toString())
        .withMessageContaining("closed");
  }
}
