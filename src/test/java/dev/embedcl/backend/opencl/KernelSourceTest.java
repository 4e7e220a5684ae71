package dev.embedcl.backend.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
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

  /**
   * Why it is enough to test kernels with work-groups of a few shapes: they do not know of them.
   * One that shares memory in its group is to be tested in all shapes, with {@code @GpuWorkGroups}.
   */
  @Test
  void kernelsDoNotSeeWorkGroups() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("kernels"))) {
      assertThat(files.filter(file -> file.toString().matches(".*\\.clh?")))
          .isNotEmpty()
          .allSatisfy(file ->
              assertThat(Files.readString(file))
                  .doesNotContainPattern(
                      "get_(local|group|sub_group|num_groups|enqueued_local|num_sub_groups)"
                          + "|barrier|work_group_|\\b(__)?local\\b\\s+\\w"));
    }
  }

  @Test
  void missingFileIsNamed() {
    assertThatThrownBy(() -> KernelSource.load("nowhere.cl"))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("/dev/embedcl/kernels/nowhere.cl");
  }
}
