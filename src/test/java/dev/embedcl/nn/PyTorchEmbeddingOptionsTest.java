package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.optim.Sgd;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * Every option of {@code nn.Embedding} with every other, as real PyTorch has them, on every backend
 * and with ids of every type; how the expected values were made: {@code reference/README.md} among
 * the test resources. Where PyTorch refuses, the definition of the options is what holds.
 *
 * <p>What involves no sum is compared bit for bit; sums of a gradient within 8 · u · Σ|g| of
 * float64; rows that a limit of norms changed within as many roundings as the norm has summands.
 */
@DefaultLaunchProfile
final class PyTorchEmbeddingOptionsTest {
  private static final int ROWS = 6;
  private static final int COUNT = 10;
  private static final double U = 0x1p-24;

  private record Case(int number, List<String> words) {
    String padding() {
      return words.get(0);
    }

    boolean hasMaxNorm() {
      return !words.get(1).equals("None");
    }

    double maxNorm() {
      return Double.parseDouble(words.get(1));
    }

    double normType() {
      return words.get(2).equals("inf")
          ? Double.POSITIVE_INFINITY
          : Double.parseDouble(words.get(2));
    }

    boolean scaled() {
      return words.get(3).equals("True");
    }

    int dim() {
      return Integer.parseInt(words.get(5));
    }

    int start() {
      return Integer.parseInt(words.get(7));
    }

    int entries() {
      return Integer.parseInt(words.get(8));
    }

    int[] ids() {
      int[] ids = new int[COUNT];
      Arrays.setAll(
          ids, i -> (int) (((long) i * i * (number + 1) + 5L * i + number / ROWS) % ROWS));
      return ids;
    }

    /** Returns the row without a gradient, or -1. */
    int paddingRow() {
      return padding().equals("None") ? -1 : Math.floorMod(Integer.parseInt(padding()), ROWS);
    }

    @Override
    public String toString() {
      return "case " + number + ": " + String.join(" ", words);
    }
  }

  @EveryBackend
  void everyPairOfOptionsIsPyTorchs(TestBackend device) {
    List<Case> cases = cases();
    assertThat(cases).hasSize(336);
    float[] expected = floats(resource("embedding_options.bin"));
    cases.forEach(each -> check(device.shared(), each, expected));
  }

  private static void check(Backend backend, Case of, float[] expected) {
    int dim = of.dim();
    float[] gradient = numbers(COUNT * dim, 2 * of.number + 2);
    int at = of.start();
    final float[] output = Arrays.copyOfRange(expected, at, at += COUNT * dim);
    final float[] changed = Arrays.copyOfRange(expected, at, at += ROWS * dim);
    final float[] dense = Arrays.copyOfRange(expected, at, at += ROWS * dim);
    final float[] entries = Arrays.copyOfRange(expected, at, at + of.entries());
    try (TokenEmbedding layer = layer(backend, of);
        DeviceBuffer gradOutput = backend.allocate(DType.FLOAT32, gradient.length)) {
      gradOutput.write(MemorySegment.ofArray(gradient));
      IndexBatch batch = batch(backend, of);
      float[] forward = floats(layer.forward(batch).toHost());
      final float[] weight = floats(layer.weight().toHost());
      layer.backward(gradOutput);

      if (of.hasMaxNorm()) {
        near(of, forward, output, (dim + 8) * U);
        near(of, weight, changed, (dim + 8) * U);
        // Unlimited rows are untouched, and the output is the table's.
        for (int i = 0; i < forward.length; i++) {
          assertThat(forward[i]).isEqualTo(weight[of.ids()[i / dim] * dim + i % dim]);
        }
      } else {
        assertThat(forward).as(of.toString()).isEqualTo(output);
        assertThat(weight).as(of.toString()).isEqualTo(changed);
      }
      float[] sums = floats(layer.weight().gradToHost());
      checkSums(of, sums, gradient, dense);

      try (SparseGradient sparse = layer.uncoalescedGradient(gradOutput)) {
        int[] kept = Arrays.stream(of.ids()).filter(id -> id != of.paddingRow()).toArray();
        assertThat(sparse.rowsToHost()).as(of.toString()).isEqualTo(kept);
        if (of.entries() > 0) {
          assertThat(floats(sparse.valuesToHost())).as(of.toString()).isEqualTo(entries);
        }
      }
      try (SparseGradient sparse = layer.sparseGradient(gradOutput)) {
        float[] values = floats(sparse.valuesToHost());
        int[] rows = sparse.rowsToHost();
        for (int i = 0; i < values.length; i++) {
          assertThat(values[i]).as(of.toString()).isEqualTo(sums[rows[i / dim] * dim + i % dim]);
        }
      }
      // With a rate of 1 the step takes the gradient off.
      new Sgd(1).step(layer, gradOutput);
      float[] stepped = floats(layer.weight().toHost());
      for (int i = 0; i < stepped.length; i++) {
        assertThat(stepped[i]).as(of.toString()).isEqualTo(weight[i] - sums[i]);
      }
    }
  }

  private static void checkSums(Case of, float[] sums, float[] gradient, float[] pytorch) {
    int dim = of.dim();
    int[] ids = of.ids();
    double[] exact = new double[sums.length];
    double[] magnitude = new double[sums.length];
    for (int i = 0; i < gradient.length; i++) {
      int id = ids[i / dim];
      if (id != of.paddingRow()) {
        double times = of.scaled() ? Arrays.stream(ids).filter(other -> other == id).count() : 1;
        exact[id * dim + i % dim] += gradient[i] / times;
        magnitude[id * dim + i % dim] += Math.abs(gradient[i] / times);
      }
    }
    for (int i = 0; i < sums.length; i++) {
      double tolerance = 8 * U * magnitude[i];
      assertThat((double) sums[i]).as(of.toString()).isCloseTo(exact[i], within(tolerance));
      assertThat((double) pytorch[i]).as(of.toString()).isCloseTo(exact[i], within(tolerance));
    }
  }

  private static TokenEmbedding layer(Backend backend, Case of) {
    try (HostTensor weight =
        HostTensor.of(Shape.of(ROWS, of.dim()), numbers(ROWS * of.dim(), 2 * of.number + 1))) {
      TokenEmbeddingBuilder builder =
          TokenEmbedding.builder(backend)
              .weight(weight)
              .scaleGradByFreq(of.scaled())
              .normType(of.normType());
      if (of.hasMaxNorm()) {
        builder.maxNorm(of.maxNorm());
      }
      if (of.paddingRow() >= 0) {
        builder.paddingIdx(Integer.parseInt(of.padding()));
      }
      return builder.build();
    }
  }

  /** Returns the ids in another type from case to case. */
  private static IndexBatch batch(Backend backend, Case of) {
    int[] ids = of.ids();
    byte[] bytes = new byte[COUNT];
    short[] shorts = new short[COUNT];
    for (int i = 0; i < COUNT; i++) {
      bytes[i] = (byte) ids[i];
      shorts[i] = (short) ids[i];
    }
    return switch (of.number % 5) {
      case 0 -> IndexBatch.of(bytes, 2, 5);
      case 1 -> IndexBatch.of(shorts, 5, 2);
      case 2 -> IndexBatch.of(ids, 1, COUNT);
      case 3 -> IndexBatch.of(Arrays.stream(ids).asLongStream().toArray(), COUNT, 1);
      default -> {
        DeviceBuffer buffer = backend.allocate(DType.INT32, COUNT); // closed with the backend
        buffer.write(MemorySegment.ofArray(ids));
        yield IndexBatch.onDevice(buffer, 2, 5);
      }
    };
  }

  private static void near(Case of, float[] actual, float[] expected, double relative) {
    for (int i = 0; i < actual.length; i++) {
      assertThat((double) actual[i])
          .as("%s, element %d", of, i)
          .isCloseTo(expected[i], within(relative * Math.abs(expected[i])));
    }
  }

  private static float[] numbers(int count, int seed) {
    float[] result = new float[count];
    long state = seed;
    for (int i = 0; i < count; i++) {
      state = (state * 1103515245L + 12345) % (1L << 31);
      result[i] = ((state >> 16) % 2048 - 1024) / 1024f;
    }
    return result;
  }

  private static List<Case> cases() {
    List<Case> all = new ArrayList<>();
    for (String line :
        new String(resource("embedding_options.txt"), StandardCharsets.UTF_8).lines().toList()) {
      all.add(new Case(all.size(), List.of(line.split(" ", -1))));
    }
    return all;
  }

  private static float[] floats(byte[] bytes) {
    return MemorySegment.ofArray(bytes).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
  }

  private static float[] floats(HostTensor tensor) {
    try (tensor) {
      return tensor.toFloatArray();
    }
  }

  private static byte[] resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(
            PyTorchEmbeddingOptionsTest.class.getResourceAsStream("/reference/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
