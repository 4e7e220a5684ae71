package dev.embedcl.backend.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.embedcl.backend.BackendProvider.Survey;
import dev.embedcl.backend.DeviceMemoryException;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.DeviceBuffer.MapMode;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is particular to the pure-Java backend. */
final class CpuBackendTest {

  @AfterEach
  void clearProperty() {
    System.clearProperty(CpuBackendBuilder.THREADS_PROPERTY);
  }

  @Test
  void threadsAreTakenFromTheProperty() {
    System.setProperty(CpuBackendBuilder.THREADS_PROPERTY, " 3 ");
    try (CpuBackend backend = CpuBackend.open();
        CpuBackend other = CpuBackend.builder().threads(5).build()) {
      assertThat(backend.device().computeUnits()).isEqualTo(3);
      assertThat(other.device().computeUnits()).isEqualTo(5);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"many", "", "0", "1025"})
  void wrongPropertyIsAnErrorAndARefusal(String value) {
    System.setProperty(CpuBackendBuilder.THREADS_PROPERTY, value);
    assertThatIllegalArgumentException()
        .isThrownBy(CpuBackend::open)
        .withMessageContaining(CpuBackendBuilder.THREADS_PROPERTY)
        .withMessageContaining("'" + value + "'")
        .withMessageContaining("[1, 1024]");
    Survey survey = new CpuBackendProvider().survey();
    assertThat(survey.candidates()).isEmpty();
    assertThat(survey.refusals())
        .singleElement()
        .satisfies(refusal ->
            assertThat(refusal.toString())
                .contains("'" + value + "'", CpuBackendBuilder.THREADS_PROPERTY));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 1025})
  void wrongNumberOfThreadsIsRefused(int threads) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CpuBackend.builder().threads(threads))
        .withMessage("threads = " + threads + " is out of range [1, 1024]");
  }

  @Test
  void deviceSaysWhichLoopsItRuns() {
    try (CpuBackend vector = CpuBackend.builder().vectorized(true).build();
        CpuBackend plain = CpuBackend.builder().vectorized(false).build()) {
      assertThat(vector.device().driver()).endsWith("Vector API");
      assertThat(plain.device().driver()).endsWith("plain loops");
    }
  }

  @Test
  void allocatedBytesReturnToZero() {
    CpuBackend backend = CpuBackend.open();
    DeviceBuffer buffer = backend.allocate(DType.INT32, 25);
    backend.allocate(DType.INT8, 3);
    assertThat(backend.allocatedBytes()).isEqualTo(103);
    buffer.close();
    buffer.close();
    assertThat(backend.allocatedBytes()).isEqualTo(3);
    backend.close();
    assertThat(backend.allocatedBytes()).isZero();
  }

  @Test
  void buffersAreAlignedToCacheLines() {
    try (CpuBackend backend = CpuBackend.open()) {
      for (int elements = 1; elements < 20; elements++) {
        DeviceBuffer buffer = backend.allocate(DType.FLOAT32, elements);
        assertThat(buffer.map(MapMode.READ).segment().address() % 64).isZero();
      }
    }
  }

  @Test
  void mappingOfAClosedBufferCannotBeRead() {
    try (CpuBackend backend = CpuBackend.open()) {
      DeviceBuffer buffer = backend.allocate(DType.INT32, 1);
      MemorySegment kept = buffer.map(MapMode.READ).segment();
      assertThat(kept.isReadOnly()).isTrue();
      buffer.close();
      assertThatIllegalStateException().isThrownBy(() -> kept.get(ValueLayout.JAVA_INT, 0));
    }
  }

  /** Large enough for huge pages, which are guarded in another way. */
  @Test
  void mappingOfAClosedLargeBufferCannotBeWritten() {
    try (CpuBackend backend = CpuBackend.open()) {
      DeviceBuffer buffer = backend.allocate(DType.INT32, 5 << 20);
      MemorySegment kept = buffer.map(MapMode.READ_WRITE).segment();
      kept.set(ValueLayout.JAVA_INT, kept.byteSize() - 4, 3);
      buffer.close();
      assertThatIllegalStateException().isThrownBy(() -> kept.set(ValueLayout.JAVA_INT, 0, 1));
      assertThatIllegalStateException().isThrownBy(() -> buffer.map(MapMode.READ));
    }
  }

  @Test
  void buffersThatServeAgainAreZero() {
    try (CpuBackend backend = CpuBackend.open()) {
      for (int elements : new int[] {77_777, 7_777_777}) {
        for (int round = 0; round < 3; round++) {
          try (DeviceBuffer buffer = backend.allocate(DType.FLOAT32, elements)) {
            float[] content = new float[elements];
            buffer.read(0, MemorySegment.ofArray(content));
            assertThat(content).containsOnly(0f);
            Arrays.fill(content, 3f);
            buffer.write(0, MemorySegment.ofArray(content));
          }
        }
      }
    }
  }

  @Test
  void memoryIsABudget() {
    CpuMemory memory = new CpuMemory(1000);
    CpuBlock large = memory.allocate(600, true);
    assertThat(large.segment().byteSize()).isEqualTo(600);
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> memory.allocate(401, true))
        .withMessage(
            "a buffer of 401 bytes is needed but 400 bytes are left of 1000 bytes of memory;"
                + " close buffers no longer used, or use a smaller table or batch")
        .satisfies(e -> {
          assertThat(e.neededBytes()).isEqualTo(401);
          assertThat(e.availableBytes()).isEqualTo(400);
        });
    CpuBlock small = memory.allocate(400, true);
    assertThat(small.segment().byteSize()).isEqualTo(400);
    large.free();
    memory.free(600);
    assertThat(memory.usedBytes()).isEqualTo(400);
    small.free();
  }

  @Test
  void bufferLargerThanFreeMemoryIsRefused() {
    CpuMemory memory = new CpuMemory(Long.MAX_VALUE);
    assertThatExceptionOfType(DeviceMemoryException.class)
        .isThrownBy(() -> memory.allocate(1L << 60, true));
    assertThat(memory.usedBytes()).isZero();
  }
}
