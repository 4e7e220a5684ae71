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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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

  @Test
  void memoryIsABudget() {
    CpuMemory memory = new CpuMemory(1000);
    try (Arena arena = Arena.ofConfined()) {
      assertThat(memory.allocate(arena, 600, true).byteSize()).isEqualTo(600);
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> memory.allocate(arena, 401, true))
          .withMessage(
              "a buffer of 401 bytes is needed but 400 bytes are left of 1000 bytes of memory;"
                  + " close buffers no longer used, or use a smaller table or batch")
          .satisfies(e -> {
            assertThat(e.neededBytes()).isEqualTo(401);
            assertThat(e.availableBytes()).isEqualTo(400);
          });
      assertThat(memory.allocate(arena, 400, true).byteSize()).isEqualTo(400);
      memory.free(600);
      assertThat(memory.usedBytes()).isEqualTo(400);
    }
  }

  @Test
  void bufferLargerThanFreeMemoryIsRefused() {
    CpuMemory memory = new CpuMemory(Long.MAX_VALUE);
    try (Arena arena = Arena.ofConfined()) {
      assertThatExceptionOfType(DeviceMemoryException.class)
          .isThrownBy(() -> memory.allocate(arena, 1L << 60, true));
    }
    assertThat(memory.usedBytes()).isZero();
  }
}
