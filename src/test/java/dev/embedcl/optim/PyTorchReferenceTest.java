package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.init.Initializers;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.Parameter;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * One training step as real PyTorch takes it, bit for bit on every backend: {@code
 * manual_seed(123); Embedding(50257, 256); Embedding(seqLen, 256)}, forward, backward and SGD. The
 * expected values and how they were made: {@code reference/README.md} among the test resources.
 *
 * <p>The gradients are multiples of 1/128 whose sums are exact in any order, and the learning rate
 * is a power of two, so that no order or fusing of operations can excuse a difference.
 */
@DefaultLaunchProfile
final class PyTorchReferenceTest {
  private static final int VOCABULARY = 50257;
  private static final int DIM = 256;
  private static final double LEARNING_RATE = 0.5;

  /** The digests by "batch name", such as {@code small output}. */
  private static final Map<String, String> DIGESTS =
      new String(resource("input_embeddings.txt"), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split(" "))
          .collect(Collectors.toMap(words -> words[0] + " " + words[1], words -> words[4]));

  /** The tables, drawn once: that takes longer than all else here. */
  private static HostTensor tokenWeight;

  /** What draws the positional table: the state of the generator behind the token table. */
  private static byte[] generatorState;

  @BeforeAll
  static void draw() {
    TorchGenerator generator = new TorchGenerator(123);
    tokenWeight = HostTensor.allocate(DType.FLOAT32, Shape.of(VOCABULARY, DIM));
    Initializers.normal(tokenWeight, generator);
    generatorState = generator.state();
  }

  @AfterAll
  static void free() {
    tokenWeight.close();
  }

  @Test
  void seedGivesTheTablesOfPyTorch() {
    try (CpuBackend backend = CpuBackend.open();
        InputEmbedding layer =
            InputEmbedding.builder(backend)
                .numEmbeddings(VOCABULARY)
                .embeddingDim(DIM)
                .maxLength(4)
                .seed(123)
                .build()) {
      assertDigest("small", "token_weight", floats(layer.parameters().get(0).toHost()));
      assertDigest("small", "position_weight", floats(layer.parameters().get(1).toHost()));
    }
  }

  @EveryBackend
  void smallBatch(TestBackend named) {
    trainingStep(named.shared(), "small", smallIds(), 8, 4);
  }

  @EveryBackend
  void wideBatch(TestBackend named) {
    trainingStep(named.shared(), "wide", wideIds(), 3, 256);
  }

  @EveryBackend
  void smallBatchElementByElement(TestBackend named) {
    int[] ids = smallIds();
    try (InputEmbedding layer = layer(named.shared(), 4)) {
      assertElements("output", floats(layer.forward(ids, 8, 4).toHost()));
      try (HostTensor gradOutput = gradOutput(8, 4)) {
        layer.backward(gradOutput);
        new Sgd(LEARNING_RATE).step(layer, gradOutput);
      }
      Parameter weight = layer.tokens().weight();
      assertElements("token_grad_rows", rows(floats(weight.gradToHost()), ids));
      assertElements("position_grad", floats(layer.parameters().get(1).gradToHost()));
      assertElements("stepped_token_rows", rows(floats(weight.toHost()), ids));
    }
  }

  private static void trainingStep(
      Backend backend, String batch, int[] ids, int batchSize, int seqLen) {
    assertThat(digest(MemorySegment.ofArray(ids))).as("ids").isEqualTo(expected(batch, "ids"));
    try (InputEmbedding layer = layer(backend, seqLen);
        HostTensor gradOutput = gradOutput(batchSize, seqLen)) {
      final Parameter tokens = layer.parameters().get(0);
      final Parameter positions = layer.parameters().get(1);
      assertDigest(batch, "position_weight", floats(positions.toHost()));
      assertDigest(batch, "grad_output", gradOutput.toFloatArray());

      assertDigest(batch, "output", floats(layer.forward(ids, batchSize, seqLen).toHost()));
      layer.backward(gradOutput);
      float[] tokenGrad = floats(tokens.gradToHost());
      assertDigest(batch, "token_grad_rows", rows(tokenGrad, ids));
      assertThat(nonZeroRows(tokenGrad)).isSubsetOf(Arrays.stream(ids).boxed().toList());
      assertDigest(batch, "position_grad", floats(positions.gradToHost()));

      // The dense step and the fused one, from the same weights.
      try (HostTensor tokensBefore = tokens.toHost();
          HostTensor positionsBefore = positions.toHost()) {
        new Sgd(LEARNING_RATE, layer.parameters()).step();
        float[] stepped = floats(tokens.toHost());
        assertDigest(batch, "stepped_token_rows", rows(stepped, ids));
        assertDigest(batch, "stepped_token_weight", stepped);
        assertDigest(batch, "stepped_position_weight", floats(positions.toHost()));

        tokens.write(tokensBefore);
        positions.write(positionsBefore);
        new Sgd(LEARNING_RATE).step(layer, gradOutput);
        assertThat(Arrays.mismatch(floats(tokens.toHost()), stepped)).as("fused step").isNegative();
        assertDigest(batch, "stepped_position_weight", floats(positions.toHost()));
      }
    }
  }

  private static InputEmbedding layer(Backend backend, int maxLength) {
    TorchGenerator generator = new TorchGenerator(0);
    generator.restore(generatorState);
    return InputEmbedding.builder(backend)
        .tokenWeight(tokenWeight)
        .maxLength(maxLength)
        .generator(generator)
        .build();
  }

  private static int[] smallIds() {
    return ints(resource("input_embeddings_ids.bin"));
  }

  private static int[] wideIds() {
    return IntStream.range(0, 3 * 256)
        .map(i -> i % 4 == 0 ? i / 4 % 10 : (i * 7919 + 13) % VOCABULARY)
        .toArray();
  }

  private static HostTensor gradOutput(int batchSize, int seqLen) {
    float[] values = new float[batchSize * seqLen * DIM];
    for (int i = 0; i < values.length; i++) {
      values[i] = (i * 37L % 257 - 128) / 128f;
    }
    return HostTensor.of(Shape.of(batchSize, seqLen, DIM), values);
  }

  /** Returns the rows of a table that ids name, each once, ascending. */
  private static float[] rows(float[] table, int[] ids) {
    int[] unique = Arrays.stream(ids).sorted().distinct().toArray();
    float[] rows = new float[unique.length * DIM];
    for (int i = 0; i < unique.length; i++) {
      System.arraycopy(table, unique[i] * DIM, rows, i * DIM, DIM);
    }
    return rows;
  }

  private static Set<Integer> nonZeroRows(float[] table) {
    return IntStream.range(0, table.length)
        .filter(i -> table[i] != 0)
        .map(i -> i / DIM)
        .boxed()
        .collect(Collectors.toSet());
  }

  private static void assertElements(String name, float[] actual) {
    int[] expected = ints(resource("input_embeddings_" + name + ".bin"));
    int[] bits = new int[actual.length];
    MemorySegment.ofArray(bits).copyFrom(MemorySegment.ofArray(actual));
    assertThat(bits).as(name).isEqualTo(expected);
  }

  private static void assertDigest(String batch, String name, float[] actual) {
    assertThat(digest(MemorySegment.ofArray(actual)))
        .as("%s of the %s batch", name, batch)
        .isEqualTo(expected(batch, name));
  }

  private static String expected(String batch, String name) {
    return Objects.requireNonNull(DIGESTS.get(batch + " " + name), name);
  }

  private static String digest(MemorySegment elements) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      // A part at a time: a table of float bits as one byte array would take as much again.
      for (long from = 0; from < elements.byteSize(); from += 1 << 20) {
        long count = Math.min(elements.byteSize() - from, 1 << 20);
        sha.update(elements.asSlice(from, count).toArray(ValueLayout.JAVA_BYTE));
      }
      return HexFormat.of().formatHex(sha.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java has SHA-256", e);
    }
  }

  private static int[] ints(byte[] bytes) {
    int[] ints = new int[bytes.length / Integer.BYTES];
    MemorySegment.ofArray(ints).copyFrom(MemorySegment.ofArray(bytes));
    return ints;
  }

  private static byte[] resource(String name) {
    try (InputStream in = PyTorchReferenceTest.class.getResourceAsStream("/reference/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }
}
