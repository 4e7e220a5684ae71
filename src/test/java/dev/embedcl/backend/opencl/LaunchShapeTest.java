package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LaunchShapeTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 8, 255, 256, 300, 768, 4096, 1 << 20})
  void everyGlobalSizeIsAMultipleOfItsLocalSize(int dim) {
    for (LaunchProfile profile : new LaunchProfile[] {LaunchProfile.GPU, LaunchProfile.CPU}) {
      LaunchShape shape = shape(profile, dim);
      for (long rows : new long[] {1, 7, 8192, 1L << 31}) {
        assertThat(shape.globalColumns(dim) % shape.localColumns(dim)).isZero();
        assertThat(shape.globalRows(dim, rows) % shape.localRows(dim)).isZero();
        assertThat(shape.globalRows(dim, rows)).isPositive();
        assertThat(shape.globalRows(dim, rows) / shape.localRows(dim)).isLessThan(1 << 16);
        assertThat(shape.globalDepth(rows)).isBetween(1L, (1L << 16) - 1);
        assertThat(shape.localColumns(dim) * shape.localRows(dim))
            .isEqualTo(shape.workGroupItems());
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
    LaunchShape shape = shape(LaunchProfile.GPU, dim);
    assertThat(shape.localColumns(dim)).isEqualTo(localColumns);
    assertThat(shape.localRows(dim)).isEqualTo(localRows);
    assertThat(shape.globalColumns(dim)).isEqualTo(globalColumns);
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 768, 770})
  void cpuWalksWholeRows(int dim) {
    assertThat(shape(LaunchProfile.CPU, dim).globalColumns(dim)).isOne();
  }

  private static LaunchShape shape(LaunchProfile profile, int dim) {
    return new LaunchShape(
        profile.vectorWidth(dim, Float.BYTES), profile.workGroupItems(), profile.maxRowGroups());
  }
}
