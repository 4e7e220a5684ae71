package dev.embedcl.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import dev.embedcl.memory.DeviceBuffer.Mapping;
import dev.embedcl.op.DenseUpdate;
import dev.embedcl.op.EmbeddingForward;
import dev.embedcl.op.Matrix;
import dev.embedcl.op.SgdUpdate;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What {@link Backend} and {@link DeviceBuffer} promise, on every backend. */
final class BackendContractTest {
  private static final int THREADS = 8;

  /** How long users of something closed may go on without being told. */
  private static final long PATIENCE_NANOS = 240_000_000_000L;

  @EveryBackend
  void newBufferIsZero(TestBackend device) {
    for (int round = 0; round < 3; round++) {
      try (DeviceBuffer buffer = device.shared().allocate(DType.FLOAT32, 10_001)) {
        float[] content = new float[10_001];
        buffer.read(MemorySegment.ofArray(content));
        assertThat(content).containsOnly(0f);
        content[round] = 1;
        buffer.write(MemorySegment.ofArray(content));
      }
    }
  }

  @EveryBackend
  void bufferKnowsItsTypeAndSize(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.FLOAT16, 7);
        DeviceBuffer empty = device.shared().allocate(DType.INT32, 0)) {
      assertThat(buffer.type()).isEqualTo(DType.FLOAT16);
      assertThat(buffer.elements()).isEqualTo(7);
      assertThat(buffer.bytes()).isEqualTo(14);
      assertThat(empty.elements()).isZero();
      empty.read(MemorySegment.ofArray(new int[0]));
    }
  }

  @EveryBackend
  void uninitializedMemoryTakesAndGivesWhatIsWritten(TestBackend device) {
    Backend backend = device.shared();
    final int elements = 3 << 20; // enough for huge pages
    int[] written = new int[elements];
    Arrays.setAll(written, i -> i ^ 0x5555);
    int[] read = new int[elements];
    try (DeviceBuffer buffer = backend.allocateUninitialized(DType.INT32, elements)) {
      assertThat(buffer.type()).isEqualTo(DType.INT32);
      assertThat(buffer.elements()).isEqualTo(elements);
      buffer.write(MemorySegment.ofArray(written));
      buffer.read(MemorySegment.ofArray(read));
    }
    assertThat(read).isEqualTo(written);
    try (DeviceBuffer after = backend.allocate(DType.INT32, elements)) {
      after.read(MemorySegment.ofArray(read));
    }
    assertThat(read).containsOnly(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.allocateUninitialized(DType.INT32, -1))
        .withMessageContaining("-1");
  }

  @EveryBackend
  void partsCanBeWrittenAndRead(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 6);
        Arena arena = Arena.ofConfined()) {
      buffer.write(2, MemorySegment.ofArray(new int[] {7, 8}));
      buffer.write(5, arena.allocateFrom(ValueLayout.JAVA_INT, 9));
      MemorySegment all = arena.allocate(ValueLayout.JAVA_INT, 6);
      buffer.read(all);
      assertThat(all.toArray(ValueLayout.JAVA_INT)).containsExactly(0, 0, 7, 8, 0, 9);
      byte[] bytes = new byte[8];
      buffer.read(3, MemorySegment.ofArray(bytes));
      assertThat(bytes).containsExactly(8, 0, 0, 0, 0, 0, 0, 0);
    }
  }

  @EveryBackend
  void transfersOutOfBoundsAreRefused(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 4)) {
      outOfBounds(() -> buffer.write(1, MemorySegment.ofArray(new int[4])));
      outOfBounds(() -> buffer.write(-1, MemorySegment.ofArray(new int[1])));
      outOfBounds(() -> buffer.write(Long.MAX_VALUE, MemorySegment.ofArray(new int[1])));
      outOfBounds(() -> buffer.read(4, MemorySegment.ofArray(new int[1])));
      outOfBounds(() -> buffer.read(MemorySegment.ofArray(new int[5])));
      outOfBounds(() -> buffer.read(MemorySegment.ofArray(new byte[3])));
      outOfBounds(() -> buffer.write(MemorySegment.ofArray(new byte[5])));
      buffer.write(4, MemorySegment.ofArray(new int[0]));
    }
  }

  @EveryBackend
  void readOnlyTargetIsRefused(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 4)) {
      MemorySegment readOnly = MemorySegment.ofArray(new int[4]).asReadOnly();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> buffer.read(readOnly))
          .withMessageContaining("read-only");
      buffer.write(readOnly);
    }
  }

  @EveryBackend
  void closedArenaIsRefused(TestBackend device) {
    MemorySegment closed;
    try (Arena arena = Arena.ofShared()) {
      closed = arena.allocate(16);
    }
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 4)) {
      assertThatIllegalStateException().isThrownBy(() -> buffer.write(closed));
      assertThatIllegalStateException().isThrownBy(() -> buffer.read(closed));
    }
  }

  @EveryBackend
  void mappingShowsTheContentAndKeepsWhatIsWritten(TestBackend device) {
    try (DeviceBuffer buffer = device.shared().allocate(DType.INT32, 3)) {
      buffer.write(MemorySegment.ofArray(new int[] {1, 2, 3}));
      try (Mapping mapping = buffer.map(MapMode.READ_WRITE)) {
        assertThat(mapping.segment().byteSize()).isEqualTo(12);
        assertThat(mapping.segment().getAtIndex(ValueLayout.JAVA_INT, 1)).isEqualTo(2);
        mapping.segment().setAtIndex(ValueLayout.JAVA_INT, 1, 20);
      }
      Mapping mapping = buffer.map(MapMode.READ);
      assertThat(mapping.segment().toArray(ValueLayout.JAVA_INT)).containsExactly(1, 20, 3);
      mapping.close();
      mapping.close();
      assertThatIllegalStateException().isThrownBy(mapping::segment);
    }
  }

  @EveryBackend
  void impossibleSizesAreRefused(TestBackend device) {
    Backend backend = device.shared();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.allocate(DType.INT32, -1))
        .withMessageContaining("-1");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> backend.allocate(DType.INT32, 1L << 61))
        .withMessageContaining("2^63-1");
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> backend.allocate(DType.INT32, 1L << 50))
        .withMessageContaining(String.valueOf(1L << 52))
        .satisfies(e -> {
          assertThat(e.neededBytes()).isEqualTo(1L << 52);
          assertThat(e.availableBytes()).isBetween(1L, (1L << 52) - 1);
          assertThat(e).hasMessageContaining(String.valueOf(e.availableBytes()));
        });
  }

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

  private static void outOfBounds(ThrowingCallable code) {
    assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(code);
  }

  private static void closed(ThrowingCallable code, DeviceBuffer buffer) {
    assertThatIllegalStateException()
        .isThrownBy(code)
        .withMessageContaining(buffer.toString())
        .withMessageContaining("closed");
  }
}
