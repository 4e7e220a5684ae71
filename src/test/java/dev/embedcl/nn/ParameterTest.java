package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How parameters come by their values, give them and take others. */
final class ParameterTest {
  private CpuBackend backend;

  @BeforeEach
  void open() {
    backend = CpuBackend.open();
  }

  @AfterEach
  void close() {
    assertThat(backend.allocatedBytes()).as("memory left behind").isZero();
    backend.close();
  }

  @ParameterizedTest
  @CsvSource({
    "1,1",
    "3,5",
    "6,3",
    "16,1",
    "17,1",
    "65536,1",
    "65537,1",
    "131071,1",
    "131072,1",
    "131087,1",
    "196613,1",
    "1000,300",
    "65551,7"
  })
  void valuesDrawnInPartsAreThoseOfOneFill(int rows, int columns) {
    float[] expected = new float[rows * columns];
    float[] expectedNext = new float[20];
    TorchGenerator generator = new TorchGenerator(123);
    generator.fillNormal(MemorySegment.ofArray(expected), 0, 1);
    generator.fillNormal(MemorySegment.ofArray(expectedNext), 0, 1);

    TorchGenerator own = new TorchGenerator(123);
    try (Parameter parameter = Parameter.normal(backend, "weight", rows, columns, own);
        Parameter next = Parameter.normal(backend, "next", 20, 1, own)) {
      assertThat(floats(parameter.toHost())).isEqualTo(expected);
      assertThat(floats(next.toHost())).isEqualTo(expectedNext);
    }
  }

  @Test
  void valuesCanBeReadAndReplaced() {
    try (HostTensor values = HostTensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        Parameter parameter = Parameter.of(backend, "weight", values)) {
      assertThat(parameter.shape()).isEqualTo(Shape.of(2, 3));
      assertThat(parameter.matrix().rows()).isEqualTo(2);
      assertThat(floats(parameter.toHost())).containsExactly(1, 2, 3, 4, 5, 6);

      parameter.write(MemorySegment.ofArray(new float[] {6, 5, 4, 3, 2, 1}));
      float[] target = new float[6];
      parameter.read(MemorySegment.ofArray(target));
      assertThat(target).containsExactly(6, 5, 4, 3, 2, 1);
      parameter.write(values);
      assertThat(floats(parameter.toHost())).containsExactly(1, 2, 3, 4, 5, 6);
    }
    try (Parameter zeros = Parameter.zeros(backend, "zeros", 2, 2)) {
      assertThat(floats(zeros.toHost())).containsOnly(0f);
      assertThat(floats(zeros.gradToHost())).containsOnly(0f).hasSize(4);
    }
  }

  @Test
  void wrongSizesAndTypesAreRefused() {
    assertThatThrownBy(() -> Parameter.zeros(backend, "weight", 0, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weight: rows = 0 is out of range [1, 2147483648]");
    assertThatThrownBy(() -> Parameter.zeros(backend, "weight", (1L << 31) + 1, 3))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> Parameter.zeros(backend, "weight", 1, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("columns = 0");
    assertThatThrownBy(
            () -> Parameter.of(backend, "weight", MemorySegment.ofArray(new float[5]), 2, 3))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("weight: 20 bytes are not a float32 table [2, 3]");
    try (HostTensor ints = HostTensor.allocate(DType.INT32, Shape.of(2, 3));
        HostTensor vector = HostTensor.allocate(DType.FLOAT32, Shape.of(6));
        Parameter parameter = Parameter.zeros(backend, "weight", 2, 3)) {
      assertThatThrownBy(() -> Parameter.of(backend, "weight", ints))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("INT32");
      assertThatThrownBy(() -> Parameter.of(backend, "weight", vector))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[6]");
      assertThatThrownBy(() -> parameter.write(vector))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[6]")
          .hasMessageContaining("weight [2, 3]");
      assertThatThrownBy(() -> parameter.write(MemorySegment.ofArray(new float[7])))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("28 bytes");
      assertThatThrownBy(() -> parameter.read(MemorySegment.ofArray(new float[7])))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void closedParameterSaysSo() {
    Parameter parameter = Parameter.zeros(backend, "weight", 2, 3);
    parameter.gradForUpdate();
    parameter.close();
    parameter.close();

    assertThatThrownBy(parameter::matrix)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("parameter weight [2, 3] was closed");
    assertThatThrownBy(parameter::toHost).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(parameter::grad).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(parameter::gradForUpdate).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(parameter::zeroGrad).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> parameter.write(MemorySegment.ofArray(new float[6])))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void failedConstructionLeavesNothingBehind() {
    HostTensor closed = HostTensor.allocate(DType.FLOAT32, Shape.of(2, 3));
    closed.close();

    assertThatThrownBy(() -> Parameter.of(backend, "weight", closed))
        .isInstanceOf(IllegalStateException.class);
    assertThat(backend.allocatedBytes()).isZero();
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
