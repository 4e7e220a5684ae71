package dev.embedcl.init;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Normal values of float64; PyTorch's own are compared in PyTorchFloat64Test. */
final class NormalDoublesTest {

  @Test
  void theStreamIsThatOfTheUniformDoubles() {
    for (int count : new int[] {1, 3, 15, 16, 17, 31, 32, 33}) {
      TorchGenerator normal = new TorchGenerator(7);
      TorchGenerator uniform = new TorchGenerator(7);
      normal.fillNormalDoubles(MemorySegment.ofArray(new double[count]), 0, 1);
      int draws = count < 16 ? count + count % 2 : count + (count % 16 == 0 ? 0 : 16);
      for (int i = 0; i < draws; i++) {
        uniform.nextDouble();
      }
      assertThat(normal.nextInt()).as("after %s", count).isEqualTo(uniform.nextInt());
    }
  }

  @Test
  void valuesAreNormalScaledAndMoved() {
    double[] standard = drawn(100_000, 0, 1);
    assertThat(Arrays.stream(standard).average().orElseThrow()).isCloseTo(0, within(0.02));
    assertThat(Arrays.stream(standard).map(x -> x * x).average().orElseThrow())
        .isCloseTo(1, within(0.02));
    double[] moved = drawn(100_000, 0.5, 2);
    for (int i = 0; i < standard.length; i++) {
      assertThat(moved[i]).isEqualTo(standard[i] * 2 + 0.5);
    }
    assertThat(drawn(3, 0.5, 2)[2]).isEqualTo(drawn(3, 0, 1)[2] * 2 + 0.5);
  }

  @Test
  void whatCannotBeFilledIsRefused() {
    TorchGenerator generator = new TorchGenerator(1);
    MemorySegment target = MemorySegment.ofArray(new double[2]);
    refused(() -> generator.fillNormalDoubles(target, Double.NaN, 1), "mean = NaN");
    refused(() -> generator.fillNormalDoubles(target, 0, -1), "std = -1.0");
    refused(() -> generator.fillNormalDoubles(target.asReadOnly(), 0, 1), "target is read-only");
    refused(
        () -> generator.fillNormalDoubles(target.asSlice(0, 12), 0, 1),
        "target has 12 bytes, not a multiple of 8");
  }

  private static double[] drawn(int count, double mean, double std) {
    double[] values = new double[count];
    new TorchGenerator(11).fillNormalDoubles(MemorySegment.ofArray(values), mean, std);
    return values;
  }

  private static void refused(Runnable call, String message) {
    assertThatIllegalArgumentException().isThrownBy(call::run).withMessageContaining(message);
  }
}
