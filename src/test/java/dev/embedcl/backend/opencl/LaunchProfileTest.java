package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LaunchProfileTest {
  private static final LaunchProfile GPU = LaunchProfile.GPU;
  private static final LaunchProfile CPU = LaunchProfile.CPU;

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 255, 256, 300, 768, 4096, 1 << 20})
  void everyGlobalSizeIsAMultipleOfItsLocalSize(int dim) {
    for (LaunchProfile profile : new LaunchProfile[] {GPU, CPU}) {
      for (long rows : new long[] {1, 7, 8192, 1L << 31}) {
        assertThat(profile.globalColumns(dim) % profile.localColumns(dim)).isZero();
        assertThat(profile.globalRows(dim, rows) % profile.localRows(dim)).isZero();
        assertThat(profile.globalRows(dim, rows)).isPositive();
        assertThat(profile.globalRows(dim, rows) / profile.localRows(dim)).isLessThan(1 << 16);
        assertThat(profile.globalDepth(rows)).isBetween(1L, (1L << 16) - 1);
        assertThat(profile.localColumns(dim) * profile.localRows(dim))
            .isEqualTo(profile.workGroupItems());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "768, 64, 2, 192",
    "1024, 128, 1, 256",
    "300, 32, 4, 96",
    "256, 64, 2, 64",
    "8, 2, 64, 2",
    "3, 4, 32, 4",
    "1, 1, 128, 1"
  })
  void gpuGivesNeighbouringWorkItemsNeighbouringVectors(
      int dim, int localColumns, int localRows, int globalColumns) {
    assertThat(GPU.localColumns(dim)).isEqualTo(localColumns);
    assertThat(GPU.localRows(dim)).isEqualTo(localRows);
    assertThat(GPU.globalColumns(dim)).isEqualTo(globalColumns);
  }

  @ParameterizedTest
  @CsvSource({"768, 4, true", "6, 1, true", "1, 1, true"})
  void gpuMovesSixteenBytesWhereTheDimensionAllows(int dim, int vectorWidth, boolean aligned) {
    assertThat(GPU.vectorWidth(dim)).isEqualTo(vectorWidth);
    assertThat(GPU.aligned(dim)).isEqualTo(aligned);
  }

  @ParameterizedTest
  @CsvSource({"768, true", "770, false", "3, false"})
  void cpuWalksWholeRowsInWideVectors(int dim, boolean aligned) {
    assertThat(CPU.vectorWidth(dim)).isEqualTo(16);
    assertThat(CPU.aligned(dim)).isEqualTo(aligned);
    assertThat(CPU.globalColumns(dim)).isOne();
  }
}
