package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LaunchProfileTest {
  private static final LaunchProfile GPU = LaunchProfile.GPU;
  private static final LaunchProfile CPU = LaunchProfile.CPU;

  @ParameterizedTest
  @CsvSource({
    "768, 4, 4",
    "6, 4, 1",
    "1, 4, 1",
    "768, 2, 8",
    "300, 2, 4",
    "6, 2, 1",
    "768, 1, 16",
    "768, 8, 1"
  })
  void gpuMovesSixteenBytesWhereTheDimensionAllows(int dim, int elementBytes, int width) {
    assertThat(GPU.vectorWidth(dim, elementBytes)).isEqualTo(width);
  }

  @ParameterizedTest
  @CsvSource({"768, 4", "770, 4", "3, 4", "768, 2", "3, 2", "3, 1"})
  void cpuMovesSixteenElementsAlignedOrNot(int dim, int elementBytes) {
    assertThat(CPU.vectorWidth(dim, elementBytes)).isEqualTo(16);
  }

  @Test
  void numbersOutOfRangeAreNamed() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 12, false, 128, 1, 0, 4, 8, 0, false))
        .withMessage("vectorBytes = 12 is no power of two in [4, 64]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 16, false, 8192, 1, 0, 4, 8, 0, false))
        .withMessage("workGroupItems = 8192 is no power of two in [1, 4096]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 16, false, 128, 65_536, 0, 4, 8, 0, false))
        .withMessage("maxRowGroups = 65536 is out of range [1, 65535]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 16, false, 128, 1, -1, 4, 8, 0, false))
        .withMessage("streamingBytes = -1 is negative");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 16, false, 128, 1, 0, 3, 8, 0, false))
        .withMessage("rowsInFlight = 3 is no power of two in [1, 8]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 16, false, 128, 1, 0, 4, 16, 0, false))
        .withMessage("bagRowsInFlight = 16 is no power of two in [1, 8]");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new LaunchProfile("x", 16, false, 128, 1, 0, 4, 8, -1, false))
        .withMessage("asideBytes = -1 is negative");
  }
}
