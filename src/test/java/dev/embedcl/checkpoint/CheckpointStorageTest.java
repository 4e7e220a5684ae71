package dev.embedcl.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.EmbeddingBag;
import dev.embedcl.nn.Parameter;
import dev.embedcl.nn.ReferenceModel;
import dev.embedcl.nn.TokenEmbedding;
import dev.embedcl.op.BagMode;
import dev.embedcl.optim.Adam;
import dev.embedcl.optim.AdamOptions;
import dev.embedcl.optim.Optimizer;
import dev.embedcl.optim.Rounding;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Runs on tables of 16 bits, of tokens and of bags, that are stopped and go on. */
@DefaultLaunchProfile
final class CheckpointStorageTest {
  private static final List<DType> HALVES = List.of(DType.FLOAT16, DType.BFLOAT16);
  private static final int ROWS = 23;
  private static final int DIM = 5;

  @TempDir private Path directory;

  /** Both kinds of layer under one optimizer, with limited norms and rounding at random. */
  private static final class Run implements AutoCloseable {
    final TokenEmbedding tokens;
    final EmbeddingBag bags;
    final Optimizer optimizer = new Adam(AdamOptions.of(0.05));
    final Checkpoint checkpoint;

    Run(Backend backend, DType type, long seed) {
      tokens =
          TokenEmbedding.builder(backend)
              .numEmbeddings(ROWS)
              .embeddingDim(DIM)
              .seed(seed)
              .dtype(type)
              .maxNorm(2)
              .build();
      bags =
          EmbeddingBag.builder(backend)
              .numEmbeddings(ROWS)
              .embeddingDim(DIM)
              .seed(seed + 1)
              .dtype(type)
              .maxNorm(2)
              .mode(BagMode.SUM)
              .build();
      optimizer.rounding(Rounding.stochastic(7));
      checkpoint = new Checkpoint().layer(tokens).layer(bags).optimizer(optimizer);
    }

    void train(int first, int end) {
      for (int step = first; step < end; step++) {
        Random random = new Random(step);
        int[] ids = ReferenceModel.randomIds(random, 12, ROWS);
        try (HostTensor ofTokens =
                HostTensor.of(Shape.of(3, 4, DIM), ReferenceModel.randomFloats(random, 12 * DIM));
            HostTensor ofBags =
                HostTensor.of(Shape.of(3, DIM), ReferenceModel.randomFloats(random, 3 * DIM))) {
          tokens.forward(ids, 3, 4);
          optimizer.step(tokens, ofTokens);
          bags.forward(ids, 3, 4);
          optimizer.step(bags, ofBags);
        }
      }
    }

    List<byte[]> bits() {
      return List.of(bits(tokens.weight()), bits(bags.weight()));
    }

    private static byte[] bits(Parameter table) {
      try (HostTensor host = table.toHost()) {
        return host.segment().toArray(ValueLayout.JAVA_BYTE);
      }
    }

    @Override
    public void close() {
      optimizer.close();
      tokens.close();
      bags.close();
    }
  }

  @EveryBackend
  void resumedRunEqualsTheOneThatWasNotStopped(TestBackend device) throws IOException {
    for (DType type : HALVES) {
      Path path = directory.resolve(type.name());
      try (CpuBackend cpu = CpuBackend.open();
          Run whole = new Run(cpu, type, 7);
          Run resumed = new Run(device.shared(), type, 8)) {
        whole.train(0, 10);
        whole.checkpoint.save(path, 10);
        assertThat(resumed.checkpoint.restore(path)).isEqualTo(10);
        assertSame(resumed, whole);
        whole.train(10, 20);
        resumed.train(10, 20);
        assertSame(resumed, whole);
      }
    }
  }

  @EveryBackend
  void anotherStorageIsRefusedAndNothingChanges(TestBackend device) throws IOException {
    Path path = directory.resolve("half");
    try (Run half = new Run(device.shared(), DType.FLOAT16, 7);
        Run brain = new Run(device.shared(), DType.BFLOAT16, 7)) {
      half.train(0, 1);
      half.checkpoint.save(path, 1);
      List<byte[]> before = brain.bits();
      assertThatThrownBy(() -> brain.checkpoint.restore(path))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("FLOAT16 [23, 5] there and BFLOAT16 [23, 5] here");
      assertThat(brain.bits().get(0)).isEqualTo(before.get(0));
      assertThat(brain.bits().get(1)).isEqualTo(before.get(1));
    }
  }

  private static void assertSame(Run actual, Run expected) {
    assertThat(actual.bits().get(0)).isEqualTo(expected.bits().get(0));
    assertThat(actual.bits().get(1)).isEqualTo(expected.bits().get(1));
  }

  @Test
  void tablesOfFloat64AreRestoredBitForBit() throws IOException {
    Path path = directory.resolve("float64");
    try (Backend cpu = Backends.open("cpu");
        TokenEmbedding layer = float64(cpu, 1);
        TokenEmbedding other = float64(cpu, 2);
        TokenEmbedding narrow = TokenEmbedding.seeded(cpu, ROWS, DIM, 1);
        HostTensor saved = layer.weight().toHost()) {
      new Checkpoint().layer(layer).save(path, 3);
      assertThat(new Checkpoint().layer(other).restore(path)).isEqualTo(3);
      try (HostTensor restored = other.weight().toHost()) {
        assertThat(restored.toDoubleArray()).isEqualTo(saved.toDoubleArray());
      }
      assertThatThrownBy(() -> new Checkpoint().layer(narrow).restore(path))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("FLOAT64");
    }
  }

  private static TokenEmbedding float64(Backend cpu, long seed) {
    return TokenEmbedding.builder(cpu)
        .numEmbeddings(ROWS)
        .embeddingDim(DIM)
        .seed(seed)
        .dtype(DType.FLOAT64)
        .build();
  }
}
