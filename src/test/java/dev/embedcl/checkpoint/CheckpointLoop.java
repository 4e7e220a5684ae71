package dev.embedcl.checkpoint;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.nn.Parameter;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * A program that saves one checkpoint over the other until it is killed, of a table larger than its
 * Java heap whose elements are all the number of the step.
 */
final class CheckpointLoop {
  static final int ROWS = 1 << 16;
  static final int COLUMNS = 256;

  private CheckpointLoop() {}

  /** Saves to the path that is given. */
  public static void main(String[] args) throws IOException {
    Path path = Path.of(args[0]);
    float[] part = new float[1 << 16];
    try (CpuBackend backend = CpuBackend.open();
        Parameter table = Parameter.zeros(backend, "table", ROWS, COLUMNS)) {
      Checkpoint checkpoint = new Checkpoint().parameter("table", table);
      for (int step = 1; ; step++) {
        Arrays.fill(part, step);
        for (long at = 0; at < (long) ROWS * COLUMNS; at += part.length) {
          table.matrix().buffer().write(at, MemorySegment.ofArray(part));
        }
        checkpoint.save(path, step);
      }
    }
  }
}
