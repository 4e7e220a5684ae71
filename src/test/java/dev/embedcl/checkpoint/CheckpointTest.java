package dev.embedcl.checkpoint;

import static dev.embedcl.checkpoint.CheckpointRun.STEPS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are stopped and go on from what was saved. */
@DefaultLaunchProfile
final class CheckpointTest {
  @TempDir private Path directory;

  @EveryBackend
  void resumedRunEqualsTheOneThatWasNotStopped(TestBackend device) throws IOException {
    for (String optimizer : CheckpointRun.OPTIMIZERS.keySet()) {
      Path path = directory.resolve(optimizer);
      final List<float[]> expected;
      try (CpuBackend cpu = CpuBackend.open();
          CheckpointRun whole = new CheckpointRun(cpu, optimizer, 7)) {
        whole.train(0, 3 * STEPS);
        expected = whole.weights();
      }
      // Pure Java, then the device, then pure Java again.
      try (CpuBackend cpu = CpuBackend.open();
          CheckpointRun first = new CheckpointRun(cpu, optimizer, 7)) {
        first.train(0, STEPS);
        first.checkpoint.save(path, STEPS);
      }
      try (CheckpointRun second = new CheckpointRun(device.shared(), optimizer, 8)) {
        int step = (int) second.checkpoint.restore(path);
        assertThat(step).isEqualTo(STEPS);
        second.train(step, 2 * STEPS);
        second.checkpoint.save(path, 2 * STEPS);
      }
      try (CpuBackend cpu = CpuBackend.open();
          CheckpointRun third = new CheckpointRun(cpu, optimizer, 9)) {
        // What the optimizer knows by now it has to replace.
        third.train(0, 3);
        int step = (int) third.checkpoint.restore(path);
        assertThat(third.optimizer.learningRate())
            .isEqualTo(CheckpointRun.SCHEDULE.at(2 * STEPS - 1));
        third.train(step, 3 * STEPS);
        assertThat(third.weights())
            .as(optimizer)
            .usingElementComparator(Arrays::compare)
            .isEqualTo(expected);
        assertThat(third.optimizer.steps(third.layer.parameters().getFirst())).isEqualTo(3 * STEPS);
      }
    }
  }

  @EveryBackend
  void stateThatTheFileDoesNotHaveIsForgotten(TestBackend device) throws IOException {
    Path path = directory.resolve("fresh");
    try (CheckpointRun fresh = new CheckpointRun(device.shared(), "Adam", 7);
        CheckpointRun trained = new CheckpointRun(device.shared(), "Adam", 7)) {
      fresh.checkpoint.save(path, 0);
      trained.train(0, 5);
      trained.checkpoint.restore(path);
      assertThat(trained.optimizer.remembered()).isEmpty();
      fresh.train(0, 5);
      trained.train(0, 5);
      assertThat(trained.weights())
          .usingElementComparator(Arrays::compare)
          .isEqualTo(fresh.weights());
    }
  }
}
