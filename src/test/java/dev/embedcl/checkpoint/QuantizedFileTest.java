package dev.embedcl.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.QuantizedEmbedding;
import dev.embedcl.nn.TokenEmbedding;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Quantised tables that go into a file and come back. */
@DefaultLaunchProfile
final class QuantizedFileTest {
  /** More rows than go into one part. */
  private static final int ROWS = 156_000;

  private static final int DIM = 19;

  @TempDir private Path directory;
  private Path path;

  @BeforeEach
  void namePath() {
    path = directory.resolve("table.safetensors");
  }

  @EveryBackend
  void tableComesBackOnEveryBackend(TestBackend device) throws IOException {
    try (Backend cpu = CpuBackend.open();
        TokenEmbedding tokens = TokenEmbedding.seeded(device.shared(), ROWS, DIM, 5);
        QuantizedEmbedding saved = QuantizedEmbedding.of(tokens);
        HostTensor expected = saved.packed()) {
      QuantizedFile.save(path, saved);
      assertThat(Files.size(path)).isLessThan((long) ROWS * (DIM + 8) + 2000);
      try (QuantizedEmbedding loaded =
              QuantizedFile.load(path, QuantizedEmbedding.builder(cpu).clampOutOfRangeTo(-1));
          HostTensor actual = loaded.packed()) {
        assertThat(actual.segment().mismatch(expected.segment())).isEqualTo(-1);
        assertThat(loaded.clampOutOfRangeTo()).hasValue(ROWS - 1);
        QuantizedFile.save(path, loaded);
      }
      try (QuantizedEmbedding back =
              QuantizedFile.load(path, QuantizedEmbedding.builder(device.shared()));
          HostTensor actual = back.packed()) {
        assertThat(actual.segment().mismatch(expected.segment())).isEqualTo(-1);
      }
    }
  }

  @Test
  void anyToolReadsTheTensors() throws IOException {
    try (CpuBackend cpu = CpuBackend.open();
        HostTensor weight = HostTensor.of(Shape.of(2, 2), -1f, 254f, 0f, 510f);
        QuantizedEmbedding layer = QuantizedEmbedding.of(cpu, weight)) {
      QuantizedFile.save(path, layer);
      try (SafetensorsReader file = Safetensors.open(path)) {
        assertThat(file.spec("weight").type()).isEqualTo(DType.UINT8);
        assertThat(file.tensor("weight").segment().toArray(ValueLayout.JAVA_BYTE))
            .containsExactly(0, 255, 0, 255);
        assertThat(file.tensor("weight.scale").toFloatArray()).containsExactly(1, 2);
        assertThat(file.tensor("weight.offset").toFloatArray()).containsExactly(-1, 0);
      }
    }
  }

  @Test
  void damagedAndForeignFilesAreRefused() throws IOException {
    try (CpuBackend cpu = CpuBackend.open();
        HostTensor weight = HostTensor.of(Shape.of(2, 2), -1f, 254f, 0f, 510f)) {
      try (QuantizedEmbedding layer = QuantizedEmbedding.of(cpu, weight)) {
        QuantizedFile.save(path, layer);
      }
      byte[] whole = Files.readAllBytes(path);
      String header = new String(whole, StandardCharsets.ISO_8859_1);
      for (int at = header.lastIndexOf('}') + 1; at < whole.length; at++) {
        if (whole[at] != ' ') {
          byte[] altered = whole.clone();
          altered[at] ^= 1;
          Files.write(path, altered);
          refused(cpu, "was altered: its CRC-32C is ");
        }
      }
      Files.write(path, header.replace("[2,2]", "[4,1]").getBytes(StandardCharsets.ISO_8859_1));
      refused(cpu, "the header was altered");
      Files.write(path, Arrays.copyOf(whole, whole.length - 1));
      refused(cpu, "");
      Safetensors.save(path, Map.of("weight", weight), Map.of());
      refused(cpu, "it has no quantised rows of EmbedCL");
      Safetensors.save(path, Map.of("weight", weight), Map.of("embedcl.quantized.version", "2"));
      refused(cpu, "its format has version 2, this library reads 1");
      Safetensors.save(path, Map.of("weight", weight), Map.of("embedcl.quantized.version", "1"));
      refused(cpu, "has no tensor 'weight.scale'");
      assertThat(cpu.allocatedBytes()).isZero();
    }
  }

  private void refused(Backend backend, String message) {
    assertThatThrownBy(() -> QuantizedFile.load(path, QuantizedEmbedding.builder(backend)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(path.toString())
        .hasMessageContaining(message);
  }
}
