package dev.embedcl.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
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
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.optim.Adagrad;
import dev.embedcl.optim.AdagradOptions;
import dev.embedcl.optim.Adam;
import dev.embedcl.optim.AdamOptions;
import dev.embedcl.optim.AdamW;
import dev.embedcl.optim.LearningRateSchedule;
import dev.embedcl.optim.Optimizer;
import dev.embedcl.optim.RowwiseAdagrad;
import dev.embedcl.optim.Sgd;
import dev.embedcl.optim.SgdOptions;
import dev.embedcl.optim.SparseAdam;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs that are stopped and go on, and files that must not be restored. */
@DefaultLaunchProfile
final class CheckpointTest {
  private static final int ROWS = 23;
  private static final int DIM = 5;
  private static final int STEPS = 20;

  private static final LearningRateSchedule SCHEDULE =
      LearningRateSchedule.cosine(0.1, 0.01, 2 * STEPS).warmedUp(5);

  private static final Map<String, Supplier<Optimizer>> OPTIMIZERS =
      Map.of(
          "Sgd", () -> new Sgd(0.1),
          "momentum",
              () -> new Sgd(SgdOptions.of(0.1).withMomentum(0.9).withNesterov(true), none()),
          "Adagrad", () -> new Adagrad(AdagradOptions.of(0.1).withInitialAccumulatorValue(0.5)),
          "RowwiseAdagrad", () -> new RowwiseAdagrad(0.1),
          "SparseAdam", () -> new SparseAdam(AdamOptions.of(0.1)),
          "Adam", () -> new Adam(AdamOptions.of(0.1).withWeightDecay(0.1)),
          "AdamW", () -> new AdamW(AdamOptions.of(0.1).withWeightDecay(0.1)));

  @TempDir private Path directory;

  private static List<Parameter> none() {
    return List.of();
  }

  /** A model in training: everything that a checkpoint is to bring back. */
  private static final class Run implements AutoCloseable {
    final InputEmbedding layer;
    final Optimizer optimizer;
    final TorchGenerator generator = new TorchGenerator(3);
    final Checkpoint checkpoint;

    Run(Backend backend, Supplier<Optimizer> optimizer, long seed) {
      this.layer =
          InputEmbedding.builder(backend)
              .numEmbeddings(ROWS)
              .embeddingDim(DIM)
              .maxLength(6)
              .seed(seed)
              .paddingIdx(1)
              .build();
      this.optimizer = optimizer.get();
      this.checkpoint =
          new Checkpoint().layer(layer).optimizer(this.optimizer).generator(generator);
    }

    /** Takes the steps from {@code first} on, whose batches the generator draws. */
    void train(int first, int end) {
      for (int step = first; step < end; step++) {
        int[] ids = new int[12];
        Arrays.setAll(ids, _ -> Integer.remainderUnsigned(generator.nextInt(), ROWS));
        Random random = new Random(generator.nextInt());
        optimizer.learningRate(SCHEDULE.at(step));
        layer.forward(ids, 3, 4);
        try (HostTensor gradOutput =
            HostTensor.of(
                Shape.of(3, 4, DIM), ReferenceModel.randomFloats(random, ids.length * DIM))) {
          optimizer.step(layer, gradOutput);
        }
      }
    }

    List<float[]> weights() {
      List<float[]> all = new ArrayList<>();
      for (Parameter parameter : layer.parameters()) {
        try (HostTensor host = parameter.toHost()) {
          all.add(host.toFloatArray());
        }
      }
      return all;
    }

    @Override
    public void close() {
      optimizer.close();
      layer.close();
    }
  }

  @EveryBackend
  void resumedRunEqualsTheOneThatWasNotStopped(TestBackend device) throws IOException {
    for (var each : OPTIMIZERS.entrySet()) {
      Path path = directory.resolve(each.getKey());
      final List<float[]> expected;
      try (CpuBackend cpu = CpuBackend.open();
          Run whole = new Run(cpu, each.getValue(), 7)) {
        whole.train(0, 3 * STEPS);
        expected = whole.weights();
      }
      // Pure Java, then the device, then pure Java again.
      try (CpuBackend cpu = CpuBackend.open();
          Run first = new Run(cpu, each.getValue(), 7)) {
        first.train(0, STEPS);
        first.checkpoint.save(path, STEPS);
      }
      try (Run second = new Run(device.shared(), each.getValue(), 8)) {
        int step = (int) second.checkpoint.restore(path);
        assertThat(step).isEqualTo(STEPS);
        second.train(step, 2 * STEPS);
        second.checkpoint.save(path, 2 * STEPS);
      }
      try (CpuBackend cpu = CpuBackend.open();
          Run third = new Run(cpu, each.getValue(), 9)) {
        // What the optimizer knows by now it has to replace.
        third.train(0, 3);
        int step = (int) third.checkpoint.restore(path);
        assertThat(third.optimizer.learningRate()).isEqualTo(SCHEDULE.at(2 * STEPS - 1));
        third.train(step, 3 * STEPS);
        assertThat(third.weights())
            .as(each.getKey())
            .usingElementComparator(Arrays::compare)
            .isEqualTo(expected);
        assertThat(third.optimizer.steps(third.layer.parameters().getFirst())).isEqualTo(3 * STEPS);
      }
    }
  }

  @EveryBackend
  void stateThatTheFileDoesNotHaveIsForgotten(TestBackend device) throws IOException {
    Path path = directory.resolve("fresh");
    try (Run fresh = run(device, "Adam");
        Run trained = run(device, "Adam")) {
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

  @EveryBackend
  void everyAlteredByteAndEveryTruncationIsRefusedAndChangesNothing(TestBackend device)
      throws IOException {
    Path path = directory.resolve("good");
    Path bad = directory.resolve("bad");
    try (Run saved = run(device, "RowwiseAdagrad");
        Run running = run(device, "RowwiseAdagrad")) {
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
      assertThat(running.optimizer.learningRate()).isEqualTo(SCHEDULE.at(1));
    }
  }

  @Test
  void foreignAndMismatchingFilesAreRefusedWithBothSides() throws IOException {
    Path path = directory.resolve("adam");
    try (CpuBackend cpu = CpuBackend.open();
        Run adam = new Run(cpu, optimizer("Adam"), 1);
        Run other = new Run(cpu, optimizer("AdamW"), 1);
        Optimizer fresh = optimizer("Adam").get();
        InputEmbedding wide =
            InputEmbedding.builder(cpu)
                .numEmbeddings(ROWS)
                .embeddingDim(DIM + 1)
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
        Run run = new Run(cpu, optimizer("Adam"), 1)) {
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

  private static void refuses(Checkpoint checkpoint, Path path, String... parts) {
    assertThatThrownBy(() -> checkpoint.restore(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("cannot restore " + path)
        .hasMessageContainingAll(parts)
        .hasMessageEndingWith("nothing was changed");
  }

  private static Supplier<Optimizer> optimizer(String name) {
    return Objects.requireNonNull(OPTIMIZERS.get(name));
  }

  private static Run run(TestBackend device, String optimizer) {
    return new Run(device.shared(), optimizer(optimizer), 7);
  }
}
