package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class KernelSourceTest {

  @Test
  void includedFilesStandInPlaceOnce() {
    String source = KernelSource.load("embedding_backward_atomic.cl");

    assertThat(source).doesNotContain("#include");
    assertThat(source.split("typedef float4 floatv;", -1)).hasSize(2);
    assertThat(source.indexOf("floatv load_vector"))
        .isLessThan(source.indexOf("kernel void embedding_backward_atomic"));
  }

  @Test
  void linesAreThoseOfTheFiles() {
    assertThat(KernelSource.load("embedding_update.cl"))
        .startsWith("#line 1 \"embedding_update.cl\"\n")
        .contains("#line 1 \"row_sums.clh\"\n", "#line 1 \"columns.clh\"\n");
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> KernelSource.load("nowhere.cl"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("/dev/embedcl/kernels/nowhere.cl");
  }
}
