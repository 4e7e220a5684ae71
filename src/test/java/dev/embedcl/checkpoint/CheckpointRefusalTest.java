package dev.embedcl.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.init.CpuCapability;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.io.Safetensors;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.optim.Optimizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that must not be restored, and checkpoints that must not be saved. */
@DefaultLaunchProfile
final class CheckpointRefusalTest {
  @TempDir private Path directory;

  @EveryBackend
  void everyAlteredByteAndEveryTruncationIsRefusedAndChangesNothing(TestBackend device)
      throws IOException {
    Path path = directory.resolve("good");
    Path bad = directory.resolve("bad");
    try (CheckpointRun saved = new CheckpointRun(device.shared(), "RowwiseAdagrad", 7);
        CheckpointRun running = new CheckpointRun(device.shared(), "RowwiseAdagrad", 7)) {
      saved.train(0, 5);
      saved.checkpoint.save(path, 5);
      running.train(0, 2);
      final byte[] good = Files.readAllBytes(path);
      final List<float[]> before = running.weights();
      final byte[] generator = running.generator.state();
      Random random = new Random(20261122);
      for (int i = 0; i < 300; i++) {
        byte[] altered = good.clone();
        int at = random.nextInt(altered.length);
        altered[at] ^= (byte) (1 << random.nextInt(8));
        Files.write(bad, altered);
        assertThatThrownBy(() -> running.checkpoint.restore(bad))
            .as("byte %d", at)
            .isInstanceOf(IOException.class)
            .hasMessageContaining(bad.toString());
      }
      for (int i = 0; i < 50; i++) {
        Files.write(bad, Arrays.copyOf(good, random.nextInt(good.length)));
        assertThatThrownBy(() -> running.checkpoint.restore(bad)).isInstanceOf(IOException.class);
      }
      assertThat(running.weights()).usingElementComparator(Arrays::compare).isEqualTo(before);
      assertThat(running.generator.state()).isEqualTo(generator);
      assertThat(running.optimizer.steps(running.layer.parameters().getFirst())).isEqualTo(2);
      assertThat(running.optimizer.learningRate()).isEqualTo(CheckpointRun.SCHEDULE.at(1));
    }
  }

  @Test
  void foreignAndMismatchingFilesAreRefusedWithBothSides() throws IOException {
    Path path = directory.resolve("adam");
    try (CpuBackend cpu = CpuBackend.open();
        CheckpointRun adam = new CheckpointRun(cpu, "Adam", 1);
        CheckpointRun other = new CheckpointRun(cpu, "AdamW", 1);
        Optimizer fresh = CheckpointRun.optimizer("Adam");
        InputEmbedding wide =
            InputEmbedding.builder(cpu)
                .numEmbeddings(CheckpointRun.ROWS)
                .embeddingDim(CheckpointRun.DIM + 1)
                .maxLength(6)
                .seed(1)
                .build()) {
      adam.train(0, 1);
      adam.checkpoint.save(path, 1);
      refuses(other.checkpoint, path, "'main' was Adam(beta1=0.9", "this one is AdamW(beta1=0.9");
      refuses(
          new Checkpoint().layer(wide).optimizer(fresh).generator(adam.generator),
          path,
          "token_embedding.weight' is FLOAT32 [23, 5] there and FLOAT32 [23, 6] here");
      refuses(
          new Checkpoint().layer(adam.layer).generator(adam.generator),
          path,
          "it has the optimizer 'main', this checkpoint has none");
      refuses(
          new Checkpoint().layer(adam.layer).optimizer("second", fresh).generator(adam.generator),
          path,
          "it has no optimizer 'second'");
      refuses(
          new Checkpoint().layer("user.", adam.layer).optimizer(fresh).generator(adam.generator),
          path,
          "it has no tensor 'user.token_embedding.weight' but [");
      refuses(
          new Checkpoint().layer(adam.layer.tokens()).optimizer(fresh).generator(adam.generator),
          path,
          "position_embedding.weight",
          "belongs to nothing in this checkpoint");
      refuses(
          new Checkpoint()
              .layer(adam.layer)
              .optimizer(fresh)
              .generator(new TorchGenerator(1, CpuCapability.DEFAULT)),
          path,
          "drew as AVX2 does, this one as DEFAULT");
      assertThat(fresh.remembered()).isEmpty();

      Path foreign = directory.resolve("foreign");
      try (HostTensor values = HostTensor.of(Shape.of(1, 1), 1f)) {
        Safetensors.save(foreign, Map.of("a", values), Map.of());
        refuses(adam.checkpoint, foreign, "no checkpoint of EmbedCL");
        Safetensors.save(foreign, Map.of("a", values), Map.of(Keys.VERSION, "2"));
        refuses(adam.checkpoint, foreign, "version 2, this library reads 1");
      }
    }
  }

  @Test
  void namesThatClashAreRefused() throws IOException {
    try (CpuBackend cpu = CpuBackend.open();
        CheckpointRun run = new CheckpointRun(cpu, "Adam", 1)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> run.checkpoint.layer(run.layer))
          .withMessageContaining("there is a parameter 'token_embedding.weight' already");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> run.checkpoint.optimizer("a/b", run.optimizer));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> run.checkpoint.save(directory.resolve("x"), -1))
          .withMessage("step = -1 is negative");
      run.train(0, 1);
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> new Checkpoint().optimizer(run.optimizer).save(directory.resolve("x"), 1))
          .withMessageContaining("not part of this checkpoint");
    }
    try (var files = Files.list(directory)) {
      assertThat(files).isEmpty();
    }
  }

  private static void refuses(Checkpoint checkpoint, Path path, String... parts) {
    assertThatThrownBy(() -> checkpoint.restore(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot restore " + path)
        .hasMessageContainingAll(parts)
        .hasMessageEndingWith("nothing was changed");
  }
}
