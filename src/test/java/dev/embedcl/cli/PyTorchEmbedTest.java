package dev.embedcl.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.io.Safetensors;
import dev.embedcl.io.SafetensorsReader;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From a text to input embeddings, equal to real PyTorch's bit for bit. How the expected values
 * were made: {@code reference/README.md} among the test resources.
 */
final class PyTorchEmbedTest {

  @ParameterizedTest
  @ValueSource(strings = {"auto", "cpu"})
  void textBecomesTheVectorsOfPyTorch(String device, @TempDir Path folder) throws Exception {
    Path output = folder.resolve("text.safetensors");

    CommandRun run =
        CommandRun.of(
            "embed",
            resource("text.txt"),
            "--max-length",
            4,
            "--output",
            output,
            "--device",
            device);

    assertThat(run.err()).isEmpty();
    assertThat(run.status()).isZero();
    try (SafetensorsReader file = Safetensors.open(output)) {
      assertThat(file.segment("input_embeddings").toArray(ValueLayout.JAVA_BYTE))
          .isEqualTo(Files.readAllBytes(resource("text_embeddings.bin")));
    }
  }

  private static Path resource(String name) throws Exception {
    URI uri = PyTorchEmbedTest.class.getResource("/reference/" + name).toURI();
    return Path.of(uri);
  }
}
