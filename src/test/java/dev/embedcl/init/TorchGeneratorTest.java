package dev.embedcl.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.embedcl.init.TorchReference.Step;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TorchGeneratorTest {

  @Test
  void drawsPyTorchsStreamBitForBit() throws IOException {
    TorchGenerator generator = new TorchGenerator(0);
    for (Step step : TorchReference.read("init_avx2.txt")) {
      assertSame(step, step.run(generator), generator);
    }
  }

  /**
   * All of it but the values of normal fills from 16 elements on, whose last bits are the C
   * library's.
   */
  @Test
  void portableArithmeticDrawsPyTorchsStreamUpToTheLastBits() throws IOException {
    TorchGenerator generator = new TorchGenerator(0, CpuCapability.DEFAULT);
    int compared = 0;
    int different = 0;
    for (Step step : TorchReference.read("init_default.txt")) {
      float[] actual = step.run(generator);
      if (!"normal".equals(step.name()) || step.number() < BoxMuller.BLOCK) {
        assertSame(step, actual, generator);
        continue;
      }
      boolean whole = "bits".equals(step.expected().getFirst());
      float[] expected = TorchReference.floats(step.expected().get(whole ? 1 : 3));
      float[] end = Arrays.copyOfRange(actual, actual.length - expected.length, actual.length);
      for (int i = 0; i < expected.length; i++) {
        // Radius and sine or cosine are one unit off at the most, their product three, whatever the
        // mean then hides.
        float normal = Math.abs(expected[i]) + (float) Math.abs(step.a());
        assertThat(end[i]).as(step.line()).isCloseTo(expected[i], within(3 * Math.ulp(normal)));
        different +=
            Float.floatToRawIntBits(end[i]) == Float.floatToRawIntBits(expected[i]) ? 0 : 1;
        compared++;
      }
    }
    assertThat(compared).isGreaterThan(2000);
    assertThat(different).as("of %d values", compared).isLessThan(compared / 25);
  }

  @Test
  void theTwoArithmeticsDifferInTheLastBitsOnly() {
    float[] avx2 = new float[16_000];
    float[] portable = avx2.clone();
    new TorchGenerator(7).fillNormal(MemorySegment.ofArray(avx2), 0, 1);
    new TorchGenerator(7, CpuCapability.DEFAULT).fillNormal(MemorySegment.ofArray(portable), 0, 1);
    assertThat(avx2).isNotEqualTo(portable);
    assertThat(avx2).containsExactly(portable, within(1e-5f));
  }

  @Test
  void chunksLeaveNoSeam() {
    int elements = 3 * 4096 + 16;
    float[] whole = new float[elements];
    float[] parts = new float[elements];
    new TorchGenerator(5).fillNormal(MemorySegment.ofArray(whole), 0, 1);
    TorchGenerator generator = new TorchGenerator(5);
    for (int from = 0; from < elements; from += 16) {
      generator.fillNormal(
          MemorySegment.ofArray(parts).asSlice(from * (long) Float.BYTES, 16 * Float.BYTES), 0, 1);
    }
    assertThat(parts).isEqualTo(whole);
  }

  @Test
  void writesNothingOutsideTheTarget() {
    for (int elements = 0; elements <= 50; elements++) {
      float[] memory = new float[elements + 2];
      Arrays.fill(memory, 77f);
      MemorySegment target =
          MemorySegment.ofArray(memory).asSlice(Float.BYTES, elements * (long) Float.BYTES);
      TorchGenerator generator = new TorchGenerator(1);
      generator.fillNormal(target, 0, 1);
      generator.fillUniform(target, 0, 1);
      assertThat(memory[0]).isEqualTo(77f);
      assertThat(memory[elements + 1]).isEqualTo(77f);
    }
  }

  @Test
  void restoredGeneratorGoesOnWhereItWasSaved() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TorchGenerator generator = new TorchGenerator(seed);
    for (int round = 0; round < 50; round++) {
      fill(generator, random.nextInt(700));
      byte[] state = generator.state();
      TorchGenerator restored = new TorchGenerator(0);
      restored.restore(state);
      assertThat(restored.state()).as("seed %d", seed).isEqualTo(state);
      assertThat(restored.initialSeed()).isEqualTo(seed);
      int small = random.nextInt(16);
      assertThat(fill(restored, small)).as("seed %d", seed).isEqualTo(fill(generator, small));
      assertThat(fill(restored, 999)).as("seed %d", seed).isEqualTo(fill(generator, 999));
    }
  }

  @Test
  void freshStateCanBeRestored() {
    TorchGenerator restored = new TorchGenerator(0);
    restored.restore(new TorchGenerator(123).state());
    assertThat(fill(restored, 18)).isEqualTo(fill(new TorchGenerator(123), 18));
  }

  @Test
  void damagedStateIsRefusedAndChangesNothing() {
    TorchGenerator generator = new TorchGenerator(3);
    fill(generator, 21);
    byte[] before = generator.state();
    assertRefused(generator, new byte[5055], "5055 bytes");
    assertRefused(generator, new byte[5056], "seeded = 0");
    assertRefused(generator, with(before, 16, 99), "next word = 99");
    assertRefused(generator, with(before, 23, 0x80), "next word = -");
    assertRefused(generator, with(before, 24 + 8 * 5 + 4, 1), "word 5");
    byte[] nan = with(before, 5040, 1);
    Arrays.fill(nan, 5024, 5032, (byte) 0xFF);
    assertRefused(generator, nan, "NaN");
    assertThat(generator.state()).isEqualTo(before);
  }

  @Test
  void seedingForgetsTheCachedNormal() {
    TorchGenerator generator = new TorchGenerator(9);
    float[] first = fill(generator, 1);
    generator.seed(9);
    assertThat(fill(generator, 1)).isEqualTo(first);
  }

  @Test
  void intsAndDoublesComeFromTheSameStream() {
    TorchGenerator generator = new TorchGenerator(11);
    TorchGenerator other = new TorchGenerator(11);
    for (int i = 0; i < 2000; i++) {
      long high = generator.nextInt();
      long low = Integer.toUnsignedLong(generator.nextInt());
      double expected = ((high << 32 | low) & 0x1FFFFFFFFFFFFFL) / 0x1p53;
      assertThat(other.nextDouble()).isEqualTo(expected).isGreaterThanOrEqualTo(0).isLessThan(1);
    }
  }

  @Test
  void refusesWhatCannotBeFilled() {
    TorchGenerator generator = new TorchGenerator(0);
    MemorySegment target = MemorySegment.ofArray(new float[20]);
    assertIllegal(() -> generator.fillNormal(target, 0, -1), "std = -1.0 is negative");
    assertIllegal(() -> generator.fillNormal(target, Double.NaN, 1), "mean = NaN");
    assertIllegal(() -> generator.fillNormal(target, 0, 1e39), "std = 1.0E39");
    assertIllegal(() -> generator.fillUniform(target, 1, 0), "from = 1.0 exceeds to = 0.0");
    assertIllegal(() -> generator.fillUniform(target, 0, Double.POSITIVE_INFINITY), "to = Inf");
    assertIllegal(() -> generator.fillUniform(target, -3e38, 3e38), "largest float");
    assertIllegal(() -> generator.fillNormal(target.asReadOnly(), 0, 1), "read-only");
    assertIllegal(() -> generator.fillNormal(target.asSlice(0, 7), 0, 1), "7 bytes");
    assertThat(generator.state()).isEqualTo(new TorchGenerator(0).state());
  }

  @Test
  void nativeAndUnalignedMemoryGetTheSameFloats() {
    float[] expected = fill(new TorchGenerator(2), 100);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment unaligned = arena.allocate(401).asSlice(1);
      new TorchGenerator(2).fillNormal(unaligned, 0, 1);
      assertThat(unaligned.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)).isEqualTo(expected);
    }
  }

  private static void assertSame(Step step, float[] actual, TorchGenerator generator) {
    if ("seed".equals(step.name())) {
      return;
    }
    boolean state = "state".equals(step.name());
    MemorySegment bytes = MemorySegment.ofArray(actual);
    switch (step.expected().getFirst()) {
      case "bits" ->
          assertThat(TorchReference.hex(actual, 0, actual.length))
              .as(step.line())
              .isEqualTo(step.expected().get(1));
      case "sha256" -> {
        if (!state) {
          int n = actual.length;
          assertThat(TorchReference.hex(actual, 0, 16)).isEqualTo(step.expected().get(2));
          assertThat(TorchReference.hex(actual, n - 32, n)).isEqualTo(step.expected().get(3));
        }
        assertThat(TorchReference.sha256(state ? MemorySegment.ofArray(generator.state()) : bytes))
            .as(step.line())
            .isEqualTo(step.expected().get(1));
      }
      default -> throw new AssertionError("unknown expectation in: " + step.line());
    }
  }

  private static float[] fill(TorchGenerator generator, int elements) {
    float[] floats = new float[elements];
    generator.fillNormal(MemorySegment.ofArray(floats), 0, 1);
    return floats;
  }

  private static byte[] with(byte[] state, int index, int value) {
    byte[] changed = state.clone();
    changed[index] = (byte) value;
    return changed;
  }

  private static void assertRefused(TorchGenerator generator, byte[] state, String message) {
    assertIllegal(() -> generator.restore(state), message);
  }

  private static void assertIllegal(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }
}
