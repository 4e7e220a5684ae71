package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How layers are put together, and who closes what. */
final class InputEmbeddingTest {
  private CpuBackend backend;

  @BeforeEach
  void open() {
    backend = CpuBackend.open();
  }

  @AfterEach
  void close() {
    assertThat(backend.allocatedBytes()).as("memory left behind").isZero();
    backend.close();
  }

  @Test
  void oneSeedDrawsTokensThenPositions() {
    TorchGenerator generator = new TorchGenerator(123);
    float[] tokens = new float[6 * 3];
    float[] positions = new float[4 * 3];
    generator.fillNormal(MemorySegment.ofArray(tokens), 0, 1);
    generator.fillNormal(MemorySegment.ofArray(positions), 0, 1);

    try (InputEmbedding layer =
        InputEmbedding.builder(backend)
            .maxLength(4)
            .numEmbeddings(6)
            .embeddingDim(3)
            .seed(123)
            .build()) {
      assertThat(floats(layer.tokens().weight())).isEqualTo(tokens);
      assertThat(floats(layer.positions().orElseThrow().weight())).isEqualTo(positions);
      assertThat(layer.parameters())
          .extracting(Parameter::name)
          .containsExactly("token_embedding.weight", "position_embedding.weight");
      assertThat(layer.numEmbeddings()).isEqualTo(6);
      assertThat(layer.embeddingDim()).isEqualTo(3);
      assertThat(layer.positions().orElseThrow().maxLength()).isEqualTo(4);
      assertThat(layer)
          .hasToString("InputEmbedding(TokenEmbedding(6, 3), PositionalEmbedding.learned(4, 3))");
    }
    try (TokenEmbedding alone = TokenEmbedding.seeded(backend, 6, 3, 123);
        PositionalEmbedding alonePositions = PositionalEmbedding.learned(backend, 6, 3, 123)) {
      assertThat(floats(alone.weight())).isEqualTo(tokens);
      assertThat(floats(alonePositions.weight())).isEqualTo(tokens);
    }
  }

  @Test
  void withoutMaxLengthThereAreNoPositions() {
    try (InputEmbedding layer =
        InputEmbedding.builder(backend)
            .numEmbeddings(6)
            .embeddingDim(3)
            .generator(new TorchGenerator(1))
            .build()) {
      assertThat(layer.positions()).isEmpty();
      assertThat(layer.parameters()).hasSize(1);
      assertThat(layer).hasToString("InputEmbedding(TokenEmbedding(6, 3), no positions)");
    }
  }

  @Test
  void givenWeightsAreCopied() {
    float[] values = {1, 2, 3, 4, 5, 6};
    try (TokenEmbedding tokens =
            TokenEmbedding.of(backend, MemorySegment.ofArray(values).asReadOnly(), 3, 2);
        PositionalEmbedding positions =
            PositionalEmbedding.learned(backend, MemorySegment.ofArray(values), 1, 6)) {
      values[0] = 9;
      assertThat(floats(tokens.weight())).containsExactly(1, 2, 3, 4, 5, 6);
      assertThat(floats(positions.weight())).containsExactly(1, 2, 3, 4, 5, 6);
    }
  }

  @Test
  void builtLayerOwnsItsTablesAndJoinedOneDoesNot() {
    TokenEmbedding tokens = TokenEmbedding.seeded(backend, 6, 3, 1);
    PositionalEmbedding positions = PositionalEmbedding.learned(backend, 4, 3, 2);
    InputEmbedding joined = InputEmbedding.of(tokens, positions);
    joined.forward(new int[] {1, 2}, 1, 2);
    joined.close();
    joined.close();
    assertThat(floats(tokens.weight())).hasSize(18);
    assertThat(floats(positions.weight())).hasSize(12);

    InputEmbedding other = InputEmbedding.of(tokens, positions);
    positions.close();
    assertThatThrownBy(() -> other.forward(new int[] {1, 2}, 1, 2))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("parameter position_embedding.weight [4, 3] was closed");
    other.close();
    tokens.close();

    InputEmbedding built =
        InputEmbedding.builder(backend)
            .numEmbeddings(6)
            .embeddingDim(3)
            .maxLength(2)
            .seed(1)
            .build();
    built.forward(new int[] {1, 2}, 1, 2);
    built.close();
    assertThat(backend.allocatedBytes()).isZero();
    assertThatThrownBy(() -> built.tokens().weight().matrix())
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void tablesMustFitEachOther() {
    try (TokenEmbedding tokens = TokenEmbedding.seeded(backend, 6, 3, 1);
        PositionalEmbedding positions = PositionalEmbedding.learned(backend, 4, 2, 1);
        CpuBackend second = CpuBackend.open();
        PositionalEmbedding elsewhere = PositionalEmbedding.learned(second, 4, 3, 1)) {
      assertThatThrownBy(() -> InputEmbedding.of(tokens, positions))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("3 for tokens, 2 for positions");
      assertThatThrownBy(() -> InputEmbedding.of(tokens, elsewhere))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("another backend");
    }
  }

  @Test
  void builderNamesWhatIsMissingOrContradicts() {
    assertThatThrownBy(() -> InputEmbedding.builder(backend).embeddingDim(3).seed(1).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("numEmbeddings is missing: set it before build()");
    assertThatThrownBy(
            () -> InputEmbedding.builder(backend).numEmbeddings(3).embeddingDim(3).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("seed or generator is missing: set it before build()");
    assertThatThrownBy(() -> TokenEmbedding.seeded(backend, 0, 3, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("numEmbeddings = 0 is out of range [1, 2147483648]");
    assertThatThrownBy(() -> PositionalEmbedding.learned(backend, 0, 3, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("maxLength = 0 is out of range [1, 2147483648]");
    assertThatThrownBy(() -> TokenEmbedding.seeded(backend, 3, 0, 1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("embeddingDim = 0; give at least 1");
    try (HostTensor weight = HostTensor.of(Shape.of(2, 3), 1f, 2f, 3f, 4f, 5f, 6f);
        HostTensor narrow = HostTensor.of(Shape.of(3, 2), 1f, 2f, 3f, 4f, 5f, 6f);
        HostTensor vector = HostTensor.of(Shape.of(6), 1f, 2f, 3f, 4f, 5f, 6f)) {
      assertThatThrownBy(
              () -> InputEmbedding.builder(backend).tokenWeight(weight).numEmbeddings(7).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("numEmbeddings = 7 contradicts tokenWeight of shape [2, 3]; leave it out");
      assertThatThrownBy(
              () -> InputEmbedding.builder(backend).tokenWeight(weight).embeddingDim(7).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("embeddingDim = 7");
      assertThatThrownBy(() ->
              InputEmbedding.builder(backend).tokenWeight(weight).positionWeight(narrow).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("3 for tokens, 2 for positions");
      assertThatThrownBy(() -> InputEmbedding.builder(backend).tokenWeight(vector).build())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("[numEmbeddings, embeddingDim]");
    }
  }

  @Test
  void failedPositionalTableFreesTheTokenTable() {
    DecoratedBackend failing = new DecoratedBackend(backend).failAllocation(2);

    assertThatThrownBy(() ->
            InputEmbedding.builder(failing)
                .numEmbeddings(6)
                .embeddingDim(3)
                .maxLength(2)
                .seed(1)
                .build())
        .hasMessage("allocation 2 fails as told");
    assertThat(backend.allocatedBytes()).isZero();
  }

  @Test
  void failedForwardLeavesTheLayerUsable() {
    DecoratedBackend failing = new DecoratedBackend(backend);
    try (TokenEmbedding layer = TokenEmbedding.seeded(failing, 6, 3, 1)) {
      layer.forward(new int[] {1}, 1, 1);
      failing.failAllocation(1);
      assertThatThrownBy(() -> layer.forward(new int[] {1, 2}, 1, 2))
          .hasMessage("allocation 4 fails as told");
      try (HostTensor gradOutput = HostTensor.of(Shape.of(1, 1, 3), 1f, 1f, 1f)) {
        assertThatThrownBy(() -> layer.backward(gradOutput))
            .isInstanceOf(IllegalStateException.class)
            .hasMessageContaining("call forward first");
        layer.forward(new int[] {1}, 1, 1);
        layer.backward(gradOutput);
      }
    }
  }

  private static float[] floats(Parameter parameter) {
    try (HostTensor host = parameter.toHost()) {
      return host.toFloatArray();
    }
  }
}
