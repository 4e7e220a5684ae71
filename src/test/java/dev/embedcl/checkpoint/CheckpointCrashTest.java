package dev.embedcl.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.nn.Parameter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writers that die. */
final class CheckpointCrashTest {
  @TempDir private Path directory;

  @Test
  void killedWriterLeavesTheOldFile() throws Exception {
    Path path = directory.resolve("run");
    Process child =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-Xmx24m",
                "-cp",
                System.getProperty("java.class.path"),
                CheckpointLoop.class.getName(),
                path.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try {
      // The first one is complete, and another is being written.
      for (long end = System.nanoTime() + 120_000_000_000L; !isWritingAnother(path); ) {
        assertThat(child.isAlive()).as("the child writes").isTrue();
        assertThat(System.nanoTime()).as("in time").isLessThan(end);
        Thread.sleep(1);
      }
    } finally {
      child.destroyForcibly().waitFor();
    }
    try (CpuBackend cpu = CpuBackend.open();
        Parameter table =
            Parameter.zeros(cpu, "table", CheckpointLoop.ROWS, CheckpointLoop.COLUMNS)) {
      long step = new Checkpoint().parameter("table", table).restore(path);
      assertThat(step).isPositive();
      try (HostTensor host = table.toHost()) {
        assertThat(host.toFloatArray()).containsOnly((float) step);
      }
    }
  }

  private boolean isWritingAnother(Path path) throws IOException {
    if (!Files.exists(path)) {
      return false;
    }
    try (var files = Files.list(directory)) {
      return files.anyMatch(file -> file.toString().endsWith(".embedcl-part"));
    }
  }
}
