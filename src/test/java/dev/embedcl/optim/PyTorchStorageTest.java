package dev.embedcl.optim;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.backend.Backend;
import dev.embedcl.backend.DefaultLaunchProfile;
import dev.embedcl.backend.EveryBackend;
import dev.embedcl.backend.StoredNumbers;
import dev.embedcl.backend.TestBackend;
import dev.embedcl.memory.DType;
import dev.embedcl.memory.HostTensor;
import dev.embedcl.memory.Shape;
import dev.embedcl.nn.Activation;
import dev.embedcl.nn.InputEmbedding;
import dev.embedcl.nn.TokenEmbedding;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Numbers, layers and optimizers of 16 bits as real PyTorch has them: {@code reference/storage.py}.
 */
@DefaultLaunchProfile
final class PyTorchStorageTest {
  private static final List<DType> TYPES = List.of(DType.FLOAT16, DType.BFLOAT16);
  private static final int[] IDS = new int[30];

  static {
    for (int i = 0; i < 6; i++) {
      int[] row = {i * i % 20, i * 7 % 20, 19 - i, i, 3};
      System.arraycopy(row, 0, IDS, 5 * i, 5);
    }
  }

  @Test
  void everyNumberWidensAsPyTorchs() {
    for (DType type : TYPES) {
      ByteBuffer wide = ByteBuffer.allocate(4 << 16).order(ByteOrder.LITTLE_ENDIAN);
      try (HostTensor all = HostTensor.allocate(type, Shape.of(1 << 16))) {
        for (int i = 0; i < 1 << 16; i++) {
          all.segment().setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (i + Short.MIN_VALUE));
        }
        try (HostTensor floats = all.to(DType.FLOAT32)) {
          for (float value : floats.toFloatArray()) {
            wide.putInt(Float.floatToIntBits(value));
          }
        }
      }
      assertThat(sha256(wide)).isEqualTo(reference().get(type + " widened"));
    }
  }

  @Test
  void cornersAndAnyPatternsRoundAsPyTorchs() {
    for (DType type : TYPES) {
      float[] patterns = patterns(type);
      ByteBuffer narrow = ByteBuffer.allocate(2 * patterns.length).order(ByteOrder.LITTLE_ENDIAN);
      try (HostTensor floats = HostTensor.of(Shape.of(patterns.length), patterns);
          HostTensor rounded = floats.to(type)) {
        for (int i = 0; i < patterns.length; i++) {
          int bits = rounded.segment().getAtIndex(ValueLayout.JAVA_SHORT, i);
          boolean nan = Float.isNaN(patterns[i]);
          if (nan) {
            assertThat(StoredNumbers.widen(type, bits & 0xffff)).isNaN();
          }
          narrow.putShort((short) (nan ? type == DType.FLOAT16 ? 0x7e00 : 0x7fc0 : bits));
        }
      }
      assertThat(sha256(narrow)).isEqualTo(reference().get(type + " narrowed"));
    }
  }

  @EveryBackend
  void seededTablesAndForwardAreThoseOfPyTorch(TestBackend device) {
    for (DType type : TYPES) {
      try (InputEmbedding layer =
          InputEmbedding.builder(device.shared())
              .numEmbeddings(20)
              .embeddingDim(33)
              .maxLength(5)
              .seed(123)
              .dtype(type)
              .build()) {
        assertThat(layer.tokens().weight().dtype()).isEqualTo(type);
        assertThat(hex(layer.tokens().weight().toHost())).isEqualTo(reference(type, "tokens"));
        assertThat(hex(layer.positions().orElseThrow().weight().toHost()))
            .isEqualTo(reference(type, "positions"));
        Activation added = layer.forward(IDS, 6, 5);
        assertThat(added.dtype()).isEqualTo(type);
        assertThat(hex(added.toHost())).isEqualTo(reference(type, "added"));
        assertThat(hex(layer.tokens().forward(IDS, 6, 5).toHost()))
            .isEqualTo(reference(type, "gathered"));
      }
    }
  }

  /** A learning rate that is a power of two, so that PyTorch's fused steps round as ours do. */
  @EveryBackend
  void sgdOnRoundedWeightsGivesPyTorchsBits(TestBackend device) {
    for (DType type : TYPES) {
      for (boolean fused : new boolean[] {true, false}) {
        assertThat(trace(device.shared(), type, new Sgd(0.125), fused))
            .isEqualTo(reference(type, "sgd"));
      }
    }
  }

  /**
   * PyTorch rounds products and sums at once where it can, so that now and then a weight falls to
   * the other side of the middle between two numbers: two of the type's steps are allowed.
   */
  @EveryBackend
  void optimizersOnRoundedWeightsFollowPyTorch(TestBackend device) {
    for (DType type : TYPES) {
      Map<String, Optimizer> optimizers =
          Map.of(
              "momentum", new Sgd(SgdOptions.of(0.01).withMomentum(0.9), List.of()),
              "adagrad", new Adagrad(AdagradOptions.of(0.1)),
              "adam", new Adam(AdamOptions.of(0.01)),
              "adamw", new AdamW(AdamOptions.of(0.01).withWeightDecay(0.1)));
      optimizers.forEach((name, optimizer) -> {
        try (optimizer) {
          String actual = trace(device.shared(), type, optimizer, true);
          String expected = reference(type, name);
          for (int i = 0; i < expected.length(); i += 4) {
            assertThat(ordered(actual.substring(i, i + 4)))
                .as("%s, %s, element %s", type, name, i / 4)
                .isBetween(
                    ordered(expected.substring(i, i + 4)) - 2,
                    ordered(expected.substring(i, i + 4)) + 2);
          }
        }
      });
    }
  }

  /** Steps of a hundredth of the distance to the next number: lost, unless rounded at random. */
  @EveryBackend
  void stochasticRoundingKeepsSmallStepsThatTheNearestNumberLoses(TestBackend device) {
    float[] ones = new float[64];
    Arrays.fill(ones, 1);
    float[] small = new float[64];
    Arrays.fill(small, -0x1p-7f / 100);
    for (Rounding rounding : List.of(Rounding.nearest(), Rounding.stochastic(5))) {
      try (HostTensor start = HostTensor.of(Shape.of(1, 64), ones);
          HostTensor stored = start.to(DType.BFLOAT16);
          TokenEmbedding layer = TokenEmbedding.of(device.shared(), stored);
          HostTensor gradient = HostTensor.of(Shape.of(1, 1, 64), small);
          Sgd sgd = new Sgd(1)) {
        sgd.rounding(rounding);
        for (int step = 0; step < 200; step++) {
          layer.forward(new int[] {0}, 1, 1);
          sgd.step(layer, gradient);
        }
        double sum = 0;
        try (HostTensor host = layer.weight().toHost();
            HostTensor wide = host.to(DType.FLOAT32)) {
          for (float value : wide.toFloatArray()) {
            sum += value - 1;
          }
        }
        // Two steps of 2^-7 are expected, with a standard deviation of 0.18 steps over the mean.
        double steps = sum / 64 / 0x1p-7;
        if (rounding.seed().isEmpty()) {
          assertThat(steps).isZero();
        } else {
          assertThat(steps).isBetween(1.2, 2.8);
        }
      }
    }
  }

  private static String trace(Backend backend, DType type, Optimizer optimizer, boolean fused) {
    int[] ids = new int[20];
    Arrays.setAll(ids, i -> i);
    try (HostTensor floats = HostTensor.of(Shape.of(20, 8), numbers(160, 1));
        HostTensor start = floats.to(type);
        TokenEmbedding layer = TokenEmbedding.of(backend, start);
        Sgd dense = new Sgd(0.125, layer.parameters())) {
      for (int step = 0; step < 20; step++) {
        layer.forward(ids, 1, 20);
        try (HostTensor gradient = HostTensor.of(Shape.of(1, 20, 8), numbers(160, 100 + step))) {
          if (fused) {
            optimizer.step(layer, gradient);
          } else {
            dense.zeroGrad();
            layer.backward(gradient);
            dense.step();
          }
        }
      }
      return hex(layer.weight().toHost());
    }
  }

  /** Returns a number whose order is that of the type's numbers, one apart for neighbours. */
  private static int ordered(String hex) {
    int bits = Integer.parseInt(hex, 16);
    return (bits & 0x8000) == 0 ? bits : -(bits & 0x7fff);
  }

  private static String hex(HostTensor tensor) {
    try (tensor) {
      StringBuilder hex = new StringBuilder();
      for (long i = 0; i < tensor.elements(); i++) {
        int bits = tensor.segment().getAtIndex(ValueLayout.JAVA_SHORT, i) & 0xffff;
        hex.append(HexFormat.of().toHexDigits((short) bits));
      }
      return hex.toString();
    }
  }

  private static float[] patterns(DType type) {
    int numbers = type == DType.FLOAT16 ? 0x7c00 : 0x7f80;
    float[] patterns = new float[12 * numbers + (1 << 17)];
    int at = 0;
    for (int h = 0; h < numbers; h++) {
      int exact = Float.floatToRawIntBits(StoredNumbers.widen(type, h));
      double next = h + 1 == 0x7c00 ? 65536 : StoredNumbers.widen(type, h + 1);
      int middle =
          type == DType.BFLOAT16
              ? exact + 0x8000
              : Float.floatToRawIntBits((float) ((Float.intBitsToFloat(exact) + next) / 2));
      for (int sign : new int[] {0, 0x80000000}) {
        for (int around : new int[] {exact, middle}) {
          patterns[at++] = Float.intBitsToFloat(sign | Math.max(around - 1, 0));
          patterns[at++] = Float.intBitsToFloat(sign | around);
          patterns[at++] = Float.intBitsToFloat(sign | (around + 1));
        }
      }
    }
    for (int i = 0; i < 1 << 17; i++) {
      patterns[at++] = Float.intBitsToFloat(i * 0x9e3779b1);
    }
    return patterns;
  }

  private static float[] numbers(int count, long seed) {
    float[] numbers = new float[count];
    long state = seed;
    for (int i = 0; i < count; i++) {
      state = (state * 1103515245 + 12345) % (1L << 31);
      numbers[i] = ((state >> 16) % 2048 - 1024) / 1024f;
    }
    return numbers;
  }

  private static String reference(DType type, String name) {
    return Objects.requireNonNull(reference().get(type + " " + name));
  }

  private static Map<String, String> reference() {
    Map<String, String> reference = new HashMap<>();
    try (InputStream in = PyTorchStorageTest.class.getResourceAsStream("/reference/storage.txt")) {
      String text = new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
      text.lines()
          .filter(line -> !line.startsWith("#"))
          .forEach(line -> {
            int end = line.lastIndexOf(' ');
            reference.put(line.substring(0, end), line.substring(end + 1));
          });
      return reference;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String sha256(ByteBuffer bytes) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(bytes.flip());
      return HexFormat.of().formatHex(digest.digest());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
