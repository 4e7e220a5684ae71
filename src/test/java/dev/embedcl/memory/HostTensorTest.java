package dev.embedcl.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.ValueLayout;
import java.math.BigDecimal;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Conversions from and to float64; those of 16 bits are PyTorchStorageTest's. */
final class HostTensorTest {

  @Test
  void everyTypeWidensExactly() {
    float[] values = {0, -0f, 1.1f, -Float.MIN_VALUE, Float.MAX_VALUE, Float.NEGATIVE_INFINITY};
    try (HostTensor floats = HostTensor.of(Shape.of(2, 3), values);
        HostTensor wide = floats.to(DType.FLOAT64);
        HostTensor back = wide.to(DType.FLOAT32)) {
      assertThat(wide.type()).isEqualTo(DType.FLOAT64);
      assertThat(wide.shape()).isEqualTo(floats.shape());
      for (int i = 0; i < values.length; i++) {
        assertThat(wide.toDoubleArray()[i]).isEqualTo(values[i]);
      }
      assertThat(back.toFloatArray()).isEqualTo(values);
    }
    for (DType half : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
      try (HostTensor ones = HostTensor.of(Shape.of(1), -1.5f);
          HostTensor stored = ones.to(half);
          HostTensor wide = stored.to(DType.FLOAT64)) {
        assertThat(wide.toDoubleArray()).containsExactly(-1.5);
      }
    }
  }

  /** Against the two neighbours in decimal: a rounding to float32 in between would show. */
  @Test
  void numbersOf64BitsAreRoundedOnce() {
    assertThat(narrow(DType.FLOAT16, 1 + 0x1p-11 + 0x1p-40)).isEqualTo(0x3c01);
    assertThat(narrow(DType.FLOAT16, 1 + 0x1p-11)).isEqualTo(0x3c00);
    assertThat(narrow(DType.BFLOAT16, 1 + 0x1p-8 + 0x1p-40)).isEqualTo(0x3f81);
    assertThat(narrow(DType.BFLOAT16, -(1 + 0x1p-8 - 0x1p-40))).isEqualTo(0xbf80);
    assertThat(narrow(DType.FLOAT16, 1e300)).isEqualTo(0x7c00);
    assertThat(narrow(DType.BFLOAT16, -1e300)).isEqualTo(0xff80);
    assertThat(narrow(DType.FLOAT16, 1e-300)).isEqualTo(0);
    assertThat(narrow(DType.FLOAT16, Double.NaN) & 0x7fff).isGreaterThan(0x7c00);
    SplittableRandom random = new SplittableRandom(5);
    for (int i = 0; i < 10_000; i++) {
      int bits = 0x0400 + random.nextInt(0x7bff - 0x0400);
      double below = Float.float16ToFloat((short) bits);
      double above = Float.float16ToFloat((short) (bits + 1));
      double middle = (below + above) / 2;
      double value = random.nextBoolean() ? Math.nextUp(middle) : Math.nextDown(middle);
      boolean up = new BigDecimal(value).compareTo(new BigDecimal(middle)) > 0;
      assertThat(narrow(DType.FLOAT16, value)).isEqualTo(up ? bits + 1 : bits);
    }
  }

  @Test
  void valuesHaveToFillTheShape() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostTensor.of(Shape.of(2), 1.0))
        .withMessage("1 values for shape [2] of 2 elements");
    try (HostTensor ids = HostTensor.of(Shape.of(1), 7)) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> ids.to(DType.FLOAT64))
          .withMessageContaining("INT32 cannot be converted");
    }
  }

  private static int narrow(DType type, double value) {
    try (HostTensor wide = HostTensor.of(Shape.of(1), value);
        HostTensor stored = wide.to(type)) {
      return Short.toUnsignedInt(stored.segment().get(ValueLayout.JAVA_SHORT, 0));
    }
  }
}
