package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.Backends;
import dev.embedcl.init.TorchGenerator;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.DeviceBuffer;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Layers of float64 as real PyTorch has them; how the expected values were made: {@code
 * reference/README.md} among the test resources. What involves no sum is compared bit for bit; sums
 * within 8 · u · Σ|g|, with the u of float64.
 */
final class PyTorchFloat64Test {
  private static final double U = 0x1p-53;
  private static final int ROWS = 6;
  private static final int COUNT = 10;
  private static final int BAG_ROWS = 7;
  private static final int BAG_IDS = 20;
  private static final int[] OFFSETS = {0, 3, 3, 10, 11};

  private final double[] expected =
      MemorySegment.ofArray(resource("float64.bin")).toArray(ValueLayout.JAVA_DOUBLE_UNALIGNED);

  /** Where the next expected tensor begins. */
  private int at;

  @Test
  void everyPairOfOptionsOfEmbeddingIsPyTorchs() {
    List<List<String>> cases = lines("embedding");
    assertThat(cases).hasSize(90);
    try (Backend cpu = Backends.open("cpu")) {
      for (int number = 0; number < cases.size(); number++) {
        embedding(cpu, number, cases.get(number));
      }
    }
  }

  private void embedding(Backend cpu, int number, List<String> words) {
    int dim = Integer.parseInt(words.get(4));
    boolean limited = !words.get(1).equals("None");
    int[] ids = new int[COUNT];
    Arrays.setAll(ids, i -> (int) (((long) i * i * (number + 1) + 5L * i + number / ROWS) % ROWS));
    double[] gradient = numbers(COUNT * dim, 2 * number + 2);
    at = Integer.parseInt(words.get(5));
    try (HostTensor given =
            HostTensor.of(Shape.of(ROWS, dim), numbers(ROWS * dim, 2 * number + 1));
        TokenEmbedding layer = embedding(cpu, given, words);
        HostTensor gradOutput = HostTensor.of(Shape.of(2, 5, dim), gradient)) {
      double[] forward = doubles(layer.forward(ids, 2, 5).toHost());
      layer.backward(gradOutput);
      double rounding = limited ? (dim + 8) * U : 0;
      near(words, forward, next(forward.length), rounding);
      near(words, doubles(layer.weight().toHost()), next(ROWS * dim), rounding);
      double[] magnitude = new double[ROWS * dim];
      for (int i = 0; i < gradient.length; i++) {
        magnitude[ids[i / dim] * dim + i % dim] += Math.abs(gradient[i]);
      }
      near(words, doubles(layer.weight().gradToHost()), next(ROWS * dim), magnitude);
    }
  }

  private static TokenEmbedding embedding(Backend cpu, HostTensor weight, List<String> words) {
    TokenEmbeddingBuilder builder =
        TokenEmbedding.builder(cpu)
            .weight(weight)
            .scaleGradByFreq(words.get(3).equals("True"))
            .normType(words.get(2).equals("inf") ? Double.POSITIVE_INFINITY : number(words, 2));
    if (!words.get(0).equals("None")) {
      builder.paddingIdx(Integer.parseInt(words.get(0)));
    }
    if (!words.get(1).equals("None")) {
      builder.maxNorm(number(words, 1));
    }
    return builder.build();
  }

  @Test
  void everyModeOfBagsIsPyTorchs() {
    List<List<String>> cases = lines("bag");
    assertThat(cases).hasSize(24);
    try (Backend cpu = Backends.open("cpu")) {
      cases.forEach(words -> bag(cpu, words));
    }
  }

  private void bag(Backend cpu, List<String> words) {
    int dim = Integer.parseInt(words.get(0));
    boolean weighted = words.get(2).equals("True");
    int[] ids = new int[BAG_IDS];
    Arrays.setAll(ids, i -> i == 10 ? 2 : (i * i * (dim + 1) + 5 * i + dim) % BAG_ROWS);
    double[] sampleWeights = numbers(BAG_IDS, 3);
    BagBatch batch = BagBatch.of(ids, OFFSETS);
    double[] gradient = numbers(OFFSETS.length * dim, 2);
    // No number is beyond 1/3, no bag of more than ten ids, no id more than BAG_IDS times.
    double tolerance = 8 * U * BAG_IDS / 9;
    at = Integer.parseInt(words.get(4));
    try (HostTensor given = HostTensor.of(Shape.of(BAG_ROWS, dim), numbers(BAG_ROWS * dim, 1));
        EmbeddingBag layer = bag(cpu, given, words);
        HostTensor gradOutput = HostTensor.of(Shape.of(OFFSETS.length, dim), gradient);
        DeviceBuffer onDevice = cpu.allocate(DType.FLOAT64, gradient.length);
        DeviceBuffer gradWeights = cpu.allocate(DType.FLOAT64, BAG_IDS)) {
      double[] forward =
          doubles(layer.forward(weighted ? batch.weighted(sampleWeights) : batch).toHost());
      double[] output = next(forward.length);
      near(words, forward, output, filled(forward.length, tolerance / (8 * U)));
      layer.backward(gradOutput);
      near(
          words,
          doubles(layer.weight().gradToHost()),
          next(BAG_ROWS * dim),
          filled(BAG_ROWS * dim, tolerance / (8 * U)));
      if (layer.mode() == BagMode.MAX) {
        assertThat(forward).as(words.toString()).isEqualTo(output);
      }
      if (weighted) {
        onDevice.write(MemorySegment.ofArray(gradient));
        layer.perSampleWeightsGradientInto(onDevice, gradWeights);
        double[] actual = new double[BAG_IDS];
        gradWeights.read(MemorySegment.ofArray(actual));
        near(words, actual, next(BAG_IDS), filled(BAG_IDS, dim / 9.0));
      }
    }
  }

  private static EmbeddingBag bag(Backend cpu, HostTensor weight, List<String> words) {
    EmbeddingBagBuilder builder =
        EmbeddingBag.builder(cpu)
            .weight(weight)
            .mode(BagMode.valueOf(words.get(1).toUpperCase(Locale.ROOT)));
    if (!words.get(3).equals("None")) {
      builder.paddingIdx(Integer.parseInt(words.get(3)));
    }
    return builder.build();
  }

  /** Tables of all sizes from one generator; PyTorch takes its functions from the C library. */
  @Test
  void seededTablesArePyTorchsButForTheLastBits() {
    List<List<String>> cases = lines("normal");
    assertThat(cases).hasSize(9);
    TorchGenerator generator = new TorchGenerator(123);
    int all = 0;
    int same = 0;
    try (Backend cpu = Backends.open("cpu")) {
      for (List<String> words : cases) {
        int count = Integer.parseInt(words.get(0));
        at = Integer.parseInt(words.get(1));
        try (TokenEmbedding layer =
            TokenEmbedding.builder(cpu)
                .numEmbeddings(count)
                .embeddingDim(1)
                .dtype(DType.FLOAT64)
                .generator(generator)
                .build()) {
          double[] actual = doubles(layer.weight().toHost());
          double[] pytorch = next(count);
          near(words, actual, pytorch, 4 * U);
          for (int i = 0; i < count; i++) {
            all++;
            same += actual[i] == pytorch[i] ? 1 : 0;
          }
        }
      }
    }
    assertThat(same).isGreaterThan(all * 9 / 10);
  }

  private double[] next(int count) {
    at += count;
    return Arrays.copyOfRange(expected, at - count, at);
  }

  private static double[] filled(int count, double value) {
    double[] all = new double[count];
    Arrays.fill(all, value);
    return all;
  }

  private static void near(
      List<String> words, double[] actual, double[] expected, double relative) {
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= relative * Math.abs(expected[i]))) {
        assertThat(actual[i]).as("element %s of %s", i, words).isEqualTo(expected[i]);
      }
    }
  }

  /** Compares sums within 8 · u · Σ|g|. */
  private static void near(
      List<String> words, double[] actual, double[] expected, double[] magnitude) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < expected.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= 8 * U * magnitude[i])) {
        assertThat(actual[i]).as("sum %s of %s", i, words).isEqualTo(expected[i]);
      }
    }
  }

  private static double number(List<String> words, int i) {
    return Double.parseDouble(words.get(i));
  }

  private static double[] numbers(int count, int seed) {
    double[] result = new double[count];
    long state = seed;
    for (int i = 0; i < count; i++) {
      state = (state * 1103515245L + 12345) % (1L << 31);
      result[i] = ((state >> 16) % 2048 - 1024) / 1024.0 / 3;
    }
    return result;
  }

  private static double[] doubles(HostTensor tensor) {
    try (tensor) {
      return tensor.toDoubleArray();
    }
  }

  /** Returns the words behind {@code kind} of the lines that start with it. */
  private static List<List<String>> lines(String kind) {
    return new String(resource("float64.txt"), StandardCharsets.UTF_8)
        .lines()
        .map(line -> List.of(line.split(" ", -1)))
        .filter(words -> words.getFirst().equals(kind))
        .map(words -> words.subList(1, words.size()))
        .toList();
  }

  private static byte[] resource(String name) {
    try (InputStream in =
        Objects.requireNonNull(
            PyTorchFloat64Test.class.getResourceAsStream("/reference/" + name), name)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
