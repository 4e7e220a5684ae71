package dev.embedcl.nn;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.backend.cpu.CpuBackend;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.op.BagMode;
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
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * {@link QuantizedEmbedding} beside real PyTorch. The bytes and the rows they stand for are the
 * same bit for bit. PyTorch's lookups fuse {@code q * scale + offset} into one operation, ours
 * rounds the product first; so 8 unit roundoffs of the summed magnitudes are allowed from float64,
 * and as much again from PyTorch.
 */
@DefaultLaunchProfile
final class PyTorchQuantizedTest {
  private static final double U = 0x1p-24;
  private static final int ROWS = 20;
  private static final int[] OFFSETS = {0, 3, 3, 10, 11};
  private static final MemorySegment RESULTS = MemorySegment.ofArray(resource("quantized.bin"));

  @Test
  void bytesArePyTorchs() {
    try (Backend backend = CpuBackend.open()) {
      for (String[] line : lines("case")) {
        int dim = Integer.parseInt(line[1]);
        long start = Long.parseLong(line[2]);
        try (TokenEmbedding tokens = TokenEmbedding.seeded(backend, ROWS, dim, dim);
            QuantizedEmbedding layer = QuantizedEmbedding.of(tokens)) {
          checkBytes(layer, start, "dimension " + dim);
        }
      }
    }
  }

  @Test
  void equalNumbersAndExtremeRangesBecomePyTorchsBytes() {
    String[] line = lines("special").getFirst();
    int rows = Integer.parseInt(line[1]);
    long start = Long.parseLong(line[2]);
    try (Backend backend = CpuBackend.open();
        HostTensor weight = HostTensor.of(Shape.of(rows, 5), floats(start, rows * 5));
        QuantizedEmbedding layer = QuantizedEmbedding.of(backend, weight)) {
      checkBytes(layer, start + 20L * rows, "special rows");
    }
  }

  @Test
  void bytesOfManyRowsArePyTorchs() throws NoSuchAlgorithmException {
    String[] line = lines("large").getFirst();
    int rows = Integer.parseInt(line[1]);
    int dim = Integer.parseInt(line[2]);
    try (Backend backend = CpuBackend.open();
        TokenEmbedding tokens = TokenEmbedding.seeded(backend, rows, dim, 123);
        QuantizedEmbedding layer = QuantizedEmbedding.of(tokens);
        HostTensor packed = layer.packed()) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(packed.segment().asByteBuffer());
      assertThat(HexFormat.of().formatHex(digest.digest())).isEqualTo(line[3]);
    }
  }

  @EveryBackend
  void lookupsArePyTorchsUpToItsFusedOperations(TestBackend device) {
    for (String[] line : lines("case")) {
      int dim = Integer.parseInt(line[1]);
      if (dim == 64 || dim == 16) {
        continue; // bytes alone: each program of a device takes a second or two to build
      }
      long tableBytes = (long) ROWS * (dim + 8);
      MemorySegment bytes = RESULTS.asSlice(Long.parseLong(line[2]), tableBytes);
      long at = Long.parseLong(line[2]) + tableBytes;
      float[] numbers = floats(at, ROWS * dim);
      float[] single = floats(at + 4L * ROWS * dim, ROWS * dim);
      float[] sums = floats(at + 8L * ROWS * dim, OFFSETS.length * dim);
      float[] weighted = floats(at + 8L * ROWS * dim + 4L * sums.length, OFFSETS.length * dim);
      try (TokenEmbedding tokens = TokenEmbedding.seeded(device.shared(), ROWS, dim, dim);
          QuantizedEmbedding layer = QuantizedEmbedding.of(tokens)) {
        int[] all = IntStream.range(0, ROWS).toArray();
        float[] rows = read(layer.forward(all, 4, 5));
        assertThat(bits(rows)).as("rows of %d", dim).isEqualTo(bits(numbers));
        checkSums(rows, single, bytes, dim, all, all, null);

        int[] ids = new int[ROWS];
        Arrays.setAll(ids, i -> (i * i * (dim + 1) + 5 * i + dim) % ROWS);
        BagBatch bags = BagBatch.of(ids, OFFSETS);
        checkSums(read(layer.forward(bags, BagMode.SUM)), sums, bytes, dim, ids, OFFSETS, null);
        float[] weights = PyTorchBags.numbers(ROWS, 3);
        float[] actual = read(layer.forward(bags.weighted(weights), BagMode.SUM));
        checkSums(actual, weighted, bytes, dim, ids, OFFSETS, weights);
      }
    }
  }

  private static void checkBytes(QuantizedEmbedding layer, long start, String what) {
    int elements = (int) layer.numEmbeddings() * layer.embeddingDim();
    long bytes = layer.numEmbeddings() * (layer.embeddingDim() + 8);
    try (HostTensor packed = layer.packed();
        HostTensor numbers = layer.dequantized()) {
      assertThat(packed.segment().toArray(ValueLayout.JAVA_BYTE))
          .as("bytes, %s", what)
          .isEqualTo(RESULTS.asSlice(start, bytes).toArray(ValueLayout.JAVA_BYTE));
      assertThat(bits(numbers.toFloatArray()))
          .as("numbers, %s", what)
          .isEqualTo(bits(floats(start + bytes, elements)));
    }
  }

  /** Compares sums with those of the packed rows in float64, and with PyTorch's. */
  private static void checkSums(
      float[] actual,
      float[] pytorch,
      MemorySegment packed,
      int dim,
      int[] ids,
      int[] starts,
      float @Nullable [] weights) {
    assertThat(actual.length).isEqualTo(pytorch.length);
    for (int bag = 0; bag < starts.length; bag++) {
      int end = bag + 1 < starts.length ? starts[bag + 1] : ids.length;
      for (int d = 0; d < dim; d++) {
        double exact = 0;
        double magnitude = 0;
        for (int n = starts[bag]; n < end; n++) {
          long row = (long) ids[n] * (dim + 8);
          double weight = weights == null ? 1 : weights[n];
          int q = Byte.toUnsignedInt(packed.get(ValueLayout.JAVA_BYTE, row + d));
          double product = weight * q * (double) packed.get(QuantizedRow.FLOAT, row + dim);
          double offset = weight * (double) packed.get(QuantizedRow.FLOAT, row + dim + 4);
          exact += product + offset;
          magnitude += Math.abs(product) + Math.abs(offset);
        }
        double tolerance = 8 * U * magnitude;
        int i = bag * dim + d;
        assertThat(Math.abs(actual[i] - exact)).isLessThanOrEqualTo(tolerance);
        assertThat(Math.abs(actual[i] - (double) pytorch[i])).isLessThanOrEqualTo(2 * tolerance);
      }
    }
  }

  private static float[] read(Activation activation) {
    float[] values = new float[(int) activation.shape().elements()];
    activation.read(MemorySegment.ofArray(values));
    return values;
  }

  private static int[] bits(float[] values) {
    int[] bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  private static float[] floats(long start, int count) {
    return RESULTS.asSlice(start, 4L * count).toArray(QuantizedRow.FLOAT);
  }

  private static List<String[]> lines(String kind) {
    return new String(resource("quantized.txt"), StandardCharsets.UTF_8)
        .lines()
        .map(line -> line.split(" "))
        .filter(words -> words[0].equals(kind))
        .toList();
  }

  private static byte[] resource(String name) {
    try (InputStream in = PyTorchQuantizedTest.class.getResourceAsStream("/reference/" + name)) {
      return Objects.requireNonNull(in, name).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
