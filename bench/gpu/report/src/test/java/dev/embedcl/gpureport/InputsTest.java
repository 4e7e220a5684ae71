package dev.embedcl.gpureport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.embedcl.memory.Bfloat16;
import dev.embedcl.memory.DType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class InputsTest {

  /** The first numbers of seed 1234567, as published with the algorithm. */
  @Test
  void sequenceIsSplitmix64() {
    assertThat(Inputs.bits(1234567, 0)).isEqualTo(6457827717110365317L);
    assertThat(Inputs.bits(1234567, 1)).isEqualTo(3203168211198807973L);
    assertThat(Inputs.bits(1234567, 2)).isEqualTo(Long.parseUnsignedLong("9817491932198370423"));
  }

  @Test
  void numbersAreMultiplesOfTwoToTheMinus24AroundZero() {
    double sum = 0;
    for (int i = 0; i < 100_000; i++) {
      float number = Inputs.number(Inputs.WEIGHT_SEED, i);
      assertThat(number).isGreaterThanOrEqualTo(-0.5f).isLessThan(0.5f);
      assertThat(number * 0x1p24f % 1).isZero();
      sum += number;
    }
    assertThat(sum / 100_000).isBetween(-0.005, 0.005);
  }

  @Test
  void zipfDrawsTheFirstRankAboutTwiceAsOftenAsTheSecond() {
    int[] ids = IdDistribution.ZIPF.draw(200_000, 1000, Inputs.IDS_SEED);
    assertThat(Arrays.stream(ids).allMatch(id -> id >= 0 && id < 1000)).isTrue();
    double first = Arrays.stream(ids).filter(id -> id == 0).count();
    double second = Arrays.stream(ids).filter(id -> id == 2_654_435_761L % 1000).count();
    assertThat(first / 200_000).isBetween(0.13, 0.14); // 1 / (1 + 1/2 + ... + 1/1000)
    assertThat(first / second).isBetween(1.9, 2.1);
  }

  @Test
  void uniformNamesEveryRowOfASmallTable() {
    int[] ids = IdDistribution.UNIFORM.draw(10_000, 100, Inputs.IDS_SEED);
    assertThat(Arrays.stream(ids).distinct().count()).isEqualTo(100);
  }

  @Test
  void coarseNumbersAreTheSameInEveryType() {
    for (int i = 0; i < 10_000; i++) {
      float number = Inputs.coarseNumber(Inputs.GRAD_OUTPUT_SEED, i);
      assertThat(number).isGreaterThanOrEqualTo(-0.5f).isLessThan(0.5f);
      assertThat(Bfloat16.toFloat(Bfloat16.fromFloat(number))).isEqualTo(number);
      assertThat(Float.float16ToFloat(Float.floatToFloat16(number))).isEqualTo(number);
    }
  }

  @Test
  void rowsHaveTheNumbersOfTheRowsTheyStandFor() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment rows = arena.allocate(3 * 5 * 4, 4);
      Inputs.fillRows(rows, DType.FLOAT32, 5, Inputs.WEIGHT_SEED, row -> 10 * row);
      assertThat(Inputs.at(rows, DType.FLOAT32, 2 * 5 + 4))
          .isEqualTo(Inputs.number(Inputs.WEIGHT_SEED, 20 * 5 + 4));
    }
  }

  @Test
  void bitsAreAddedUpAsSignedNumbersOfTheirSize() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment memory = arena.allocate(8, 4);
      memory.setAtIndex(ValueLayout.JAVA_INT, 0, -1);
      memory.setAtIndex(ValueLayout.JAVA_INT, 1, 1 << 16);
      assertThat(Inputs.sumOfBits(memory, DType.FLOAT32)).isEqualTo((1 << 16) - 1);
      assertThat(Inputs.sumOfBits(memory, DType.BFLOAT16)).isEqualTo(-1 - 1 + 0 + 1);
    }
  }
}
